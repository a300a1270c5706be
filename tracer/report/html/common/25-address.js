// SPDX-License-Identifier: GPL-2.0-only
// What is looked at, in the page's address: behind its #, as NAME=VALUE&..., what is not as the page begins. So a view is kept when
// the page is loaded again, and can be mailed beside it. Whoever made that address may be anybody: values are only ever compared
// with what the page has, read as numbers, or text to search for; what the page does not have is left as it begins, and that is said.

const addressParts = new Map();
const MAX_ADDRESS = 32000, MAX_SEARCH = 300, ADDRESS_AFTER_MS = 150;
let addressDue = null;

// get: its value as text, null as the page begins; set: the same way round, false if there is no such thing, in the order of these calls.
function inAddress(name, get, set) {
	addressParts.set(name, { get, set });
}

// A number of an address, or of several "FROM-TO"; null if it is none.
function addressNumbers(text, nr) {
	const numbers = /^\d{1,15}(-\d{1,15})*$/.test(text) ? text.split("-").map(Number) : [];
	return numbers.length === nr ? numbers : null;
}

// What both pages have in their state: one of few values, of which the first is what the page begins with; what is searched for; the
// row that is open, of so many.
function oneInAddress(name, state, key, values) {
	inAddress(name, () => (state[key] === values[0] ? null : state[key]), (text) => {
		const known = text === null || values.includes(text);
		state[key] = known && text || values[0];
		return known;
	});
}

function searchInAddress(state) {
	inAddress("search", () => state.search || null, (text) => {
		const known = text === null || text.length <= MAX_SEARCH;
		state.search = known && text || "";
		return known;
	});
}

function rowInAddress(state, nr) {
	inAddress("row", () => (state.open === null ? null : String(state.open)), (text) => {
		const row = text === null ? null : addressNumbers(text, 1), known = row !== null && row[0] < nr;
		state.open = known ? row[0] : null;
		return text === null || known;
	});
}

function addressOfView() {
	const out = [];
	addressParts.forEach(({ get }, name) => {
		const value = get();
		if (value !== null)
			out.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
	});
	return out.join("&");
}

function writeAddress() {
	addressDue = null;
	// Some browsers refuse it where a page is shown within another, or too often: then the address stays as it is.
	try {
		const view = addressOfView();
		if (view !== location.hash.slice(1))
			history.replaceState(null, "", view ? `#${view}` : location.href.split("#")[0]);
	} catch (e) {
		return;
	}
}

// Soon: of a drag, or a word, once.
function keepAddress() {
	clearTimeout(addressDue);
	addressDue = setTimeout(writeAddress, ADDRESS_AFTER_MS);
}

// Of the address: values by name, and how many of its parts are of no use. A word alone is a place of the page.
function readAddress() {
	const values = new Map(), text = location.hash.slice(1);
	let unknown = text.length > MAX_ADDRESS ? 1 : 0;

	for (const part of unknown ? [] : text.split("&").filter((p) => p.includes("="))) {
		const at = part.indexOf("=");
		try {
			const name = decodeURIComponent(part.slice(0, at));
			if (addressParts.has(name))
				values.set(name, decodeURIComponent(part.slice(at + 1)));
			else
				unknown++;
		} catch (e) {
			unknown++;
		}
	}
	return { values, unknown };
}

const addressNote = el("p", { class: "note address", role: "status", hidden: true });

function applyAddress() {
	const { values, unknown } = readAddress(), missing = [];
	addressParts.forEach(({ set }) => set(null));
	addressParts.forEach(({ set }, name) => {
		if (values.has(name) && !set(values.get(name)))
			missing.push(name);
	});
	addressNote.hidden = !missing.length && !unknown;
	addressNote.textContent = addressNote.hidden ? "" : "▲ The address asks for a view that this page does not have" +
		`${missing.length ? `: its ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} left out` : ""}.`;
}

// Once all parts are known; draw: everything.
function followAddress(draw) {
	applyAddress();
	draw();
	addEventListener("hashchange", () => {
		applyAddress();
		draw();
	});
}
