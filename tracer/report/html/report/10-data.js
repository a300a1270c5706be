// SPDX-License-Identifier: GPL-2.0-only
// What the page has been given, unpacked: docs/page.schema.json says what is in it.

const report = given.report;
const page = given.page;
const trace = report.trace;

// --- rows ---

const column = Object.fromEntries(page.columns.map((c, i) => [c.id, Object.assign({ index: i }, c)]));
const rows = page.rows.map((values, index) => ({ index, values }));
// Pseudo rows behind those of the report.
const ROW_REST = rows.length, ROW_OWN = rows.length + 1, ROW_UNSOLICITED = rows.length + 2;
const NR_ROWS = rows.length + 3;
const keyColumns = page.columns.filter((c) => c.key).map((c) => column[c.id]);

function rowValue(row, id) {
	return row.values[column[id].index];
}

// Stacks as the report in text has them, from the caller on: all begin with what sends IPIs for everybody.
function keyText(row, c) {
	const text = String(row.values[c.index]), caller = c.id === "stack" ? rowValue(row, "caller") : null;
	return caller === null ? text : text.slice(Math.max(0, text.indexOf(caller)));
}

const MAX_NAME = 80;
function rowName(index) {
	if (index === ROW_REST)
		return "all other rows";
	if (index === ROW_OWN)
		return "ipitrace itself";
	if (index === ROW_UNSOLICITED)
		return "interrupts, sender not known";
	const row = rows[index], name = keyColumns.filter((c) => row.values[c.index] !== null)
		.map((c) => `${c.unit === "id" ? `${c.id} ` : ""}${keyText(row, c)}`).join(" → ") || "–";
	return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 1)}…` : name;
}

// --- cells ---

function unpack(cube, hasNs) {
	let nr = 0;
	const step = 3;
	for (const group of cube.cells)
		nr += group[group.length - 1].length / step;
	const out = {
		nr, bin_ns: cube.bin_ns, bits: cube.bucket_bits, cpusEach: cube.cpus_each, merged: cube.merged,
		// c: of what has three numbers, of flows
		a: new Uint32Array(nr), b: new Uint32Array(nr), c: new Uint16Array(nr), bin: new Uint16Array(nr),
		bucket: hasNs ? null : new Uint16Array(nr), n: new Float64Array(nr), ns: hasNs ? new Float64Array(nr) : null,
		nrBins: 1,
	};
	let at = 0;
	for (const group of cube.cells) {
		const [a, b, c] = group, list = group[group.length - 1];
		let bin = 0;
		for (let i = 0; i < list.length; i += step, at++) {
			bin += list[i];
			out.a[at] = a;
			out.b[at] = b;
			out.c[at] = group.length > 3 ? c : 0;
			out.bin[at] = bin;
			if (hasNs) {
				out.n[at] = list[i + 1];
				out.ns[at] = list[i + 2];
			} else {
				out.bucket[at] = list[i + 1];
				out.n[at] = list[i + 2];
			}
			out.nrBins = Math.max(out.nrBins, bin + 1);
		}
	}
	return out;
}

const cubes = {
	delivery: unpack(page.delivery, false),
	targets: unpack(page.targets, true),
	tasks: unpack(page.tasks, true),
	matrix: unpack(page.matrix, false),
	flows: unpack(page.flows, false),
};
const OTHER = 2 ** 20 - 1;

// Bins that three of the cubes share; a window is a range of them.
const bin_ns = cubes.targets.bin_ns;
const wholeName = trace.window ? "window" : "recording";
const duration_ns = (trace.window || trace).duration_ns || 0;
const nrBins = Math.max(cubes.targets.nrBins, cubes.delivery.nrBins, cubes.tasks.nrBins,
	Math.min(256, Math.ceil(duration_ns / bin_ns)));
// Where the last bin ends, or the recording does in it.
const end_ns = duration_ns > (nrBins - 1) * bin_ns ? Math.min(duration_ns, nrBins * bin_ns) : nrBins * bin_ns;
// The shortest bin at an end counts by its own length, but at least by half: as of "report --over-time".
function binLength(bin) {
	return Math.max(bin_ns / 2, Math.min((bin + 1) * bin_ns, end_ns) - bin * bin_ns);
}

// A point of the recording, with as many digits as a window of this length asks for.
function formatAt(ns, window_ns) {
	return formatPoint(ns, end_ns, window_ns);
}

const hasTime = !page.timeless && trace.duration_ns !== null;

// Of whom it is not known whether they sent those interrupts, they may be: then both are never added up.
const hasHits = report.totals.target_hits !== null;
const tellsUnsolicited = !hasHits || report.totals.unsolicited !== null;
const arrivalsKnown = report.totals.delivered !== null;
const anyStolen = cubes.targets.ns.some((ns, i) => ns > 0 && (tellsUnsolicited || cubes.targets.a[i] !== ROW_UNSOLICITED));
const anyDelivery = cubes.delivery.bits === null || cubes.delivery.bucket.some((b) => bucketLow(b, cubes.delivery.bits) < UNTIMED_NS);

// Why there are no times from send to handler.
function noDelivery() {
	return arrivalsKnown ? "No delivery has both its ends in this recording." : "Not known: when hits arrived was not recorded.";
}

function isHit(row) {
	return !hasHits || row !== ROW_UNSOLICITED;
}

// Why there is nothing to be shown.
function nothing(unfiltered) {
	const why = trace.filtered ? "Nothing passes the filter" : unfiltered;
	return `${why}${trace.window ? " in this window" : ""}.`;
}

// --- single IPIs ---

const lineKey = Object.fromEntries(page.lines.keys.map(([key, unit], i) => [key, { index: i, unit }]));

function lineOf(values) {
	const line = {};
	for (const [key, { index, unit }] of Object.entries(lineKey)) {
		const v = values[index];
		line[key] = v !== null && unit === "text" ? page.strings[v] : v;
	}
	return Object.assign(line, { begin: firstOf(line.send_ns, line.queue_ns, line.entry_ns) });
}

function firstOf(...values) {
	return values.find((v) => v !== null && v !== undefined);
}

// When the last that is known of it was.
function lineEnd(line) {
	return Math.max(...["queue_ns", "send_ns", "entry_ns", "run_ns", "done_ns", "exit_ns"].map((k) => line[k] || 0));
}

const lines = page.lines.lines.map(lineOf).filter((l) => l.begin !== undefined);
const allLines = page.lines.length_ns === page.lines.period_ns && !page.lines.cut;
const slowest = page.lines.slowest.map((list) => list.map(lineOf));
const hasStacks = page.stacks.some(([, , , ...frames]) => frames.length);

// --- CPUs ---

function parseCpus(text) {
	const out = [];
	for (const part of text.split(",").filter(Boolean)) {
		const [from, to] = part.split("-").map(Number);
		for (let cpu = from; cpu <= (to === undefined ? from : to); cpu++)
			out.push(cpu);
	}
	return out;
}

// CPUs that anything is known of, those of a memory node beside each other, and in it those of a cache.
function orderCpus(known) {
	const place = (kind) => {
		const of = new Map();
		page.topology.filter((g) => g.kind === kind)
			.forEach((g) => parseCpus(g.cpus).forEach((cpu) => of.set(cpu, g.id)));
		return of;
	};
	const node = place("node"), llc = place("llc");
	const rank = (of, cpu) => (of.has(cpu) ? of.get(cpu) : -1);
	return [...known].sort((x, y) => rank(node, x) - rank(node, y) || rank(llc, x) - rank(llc, y) || x - y)
		.map((cpu) => ({ cpu, node: rank(node, cpu), llc: rank(llc, cpu) }));
}
