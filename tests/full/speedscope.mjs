// SPDX-License-Identifier: GPL-2.0-only
//
// speedscope.mjs DIR FILE: what speedscope, whose npm package is unpacked in DIR, makes of FILE, as JSON: its profiles, by name, with
// their totals. Its page is one script, which runs here on a page on which nothing is drawn; the function that imports a file
// is the one that the page calls for files that are handed to it.
import fs from "node:fs";
import path from "node:path";
import vm from "node:vm";

const [dir, file] = process.argv.slice(2);
const release = path.join(dir, "dist", "release");
const script = fs.readdirSync(release).find((name) => /^speedscope.*\.js$/.test(name));
const source = fs.readFileSync(path.join(release, script), "utf8");
const called = source.match(/loadFileFromBase64:\(\w+,\w+\)=>\{this\.loadProfile\(\(\)=>([\w$]+)\(/)[1];
const at = source.search(new RegExp(`(async )?function ${called.replace("$", "\\$")}\\(`));

function nothing() {
	return new Proxy(function () {}, {
		get: (target, key) => key === Symbol.toPrimitive ? () => 0 : key === "then" ? undefined : nothing(),
		set: () => true, apply: () => nothing(), construct: () => nothing(),
	});
}

const page = {
	console: { log() {}, warn: console.error, error: console.error }, TextDecoder, TextEncoder, Uint8Array, ArrayBuffer, setTimeout, atob,
	btoa, URL, Blob, performance, document: nothing(), localStorage: nothing(), history: nothing(), HTMLElement: class {},
	navigator: { userAgent: "", platform: "" }, location: { hash: "", href: "file:///index.html", protocol: "file:" },
	requestAnimationFrame() {}, addEventListener() {}, matchMedia: () => ({ matches: false, addListener() {}, addEventListener() {} }),
};
page.window = page.self = page.globalThis = page;
vm.createContext(page);
try {
	vm.runInContext(`${source.slice(0, at)}globalThis.importFile=(n,d)=>${called}(n,d);${source.slice(at)}`, page);
} catch (e) {
	// It cannot draw. What it defines is there by then, or it was not found.
	if (!page.importFile)
		throw e;
}
const group = await page.importFile(path.basename(file), fs.readFileSync(file).toString("base64"));
console.log(JSON.stringify(group.profiles.map((p) => ({ name: p.getName(), total: p.getTotalWeight(), unit: p.getWeightUnit() }))));
