// SPDX-License-Identifier: GPL-2.0-only
// What the page has been given, unpacked: docs/page.schema.json says what is in it.

const document_ = JSON.parse(document.getElementById("data").textContent);
const report = document_.report;
const page = document_.page;
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

function rowName(index) {
	if (index === ROW_REST)
		return "all other rows";
	if (index === ROW_OWN)
		return "ipitrace itself";
	if (index === ROW_UNSOLICITED)
		return "sender not known";
	const parts = keyColumns.map((c) => {
		const v = rows[index].values[c.index];
		if (v === null)
			return null;
		return c.unit === "id" ? `${c.id} ${v}` : String(v);
	}).filter((v) => v !== null);
	return parts.join(" → ") || "–";
}

// --- cells ---

// The least value of a bucket: 1 << bits of them a power of two.
function bucketLow(bucket, bits) {
	if (bits === null || bucket < 1 << bits)
		return bits === null ? 0 : bucket;
	const shift = (bucket >> bits) - 1;
	return (bucket - shift * (1 << bits)) * 2 ** shift;
}

function bucketHigh(bucket, bits) {
	return bucketLow(bucket + 1, bits);
}

// Far above all durations: hits that have none.
const UNTIMED_NS = 2 ** 62;

function unpack(cube, hasNs) {
	let nr = 0;
	const step = 3;
	for (const group of cube.cells)
		nr += group[2].length / step;
	const out = {
		nr, bin_ns: cube.bin_ns, bits: cube.bucket_bits, cpusEach: cube.cpus_each, merged: cube.merged,
		a: new Uint32Array(nr), b: new Uint32Array(nr), bin: new Uint16Array(nr),
		bucket: hasNs ? null : new Uint16Array(nr), n: new Float64Array(nr), ns: hasNs ? new Float64Array(nr) : null,
		nrBins: 1,
	};
	let at = 0;
	for (const [a, b, list] of cube.cells) {
		let bin = 0;
		for (let i = 0; i < list.length; i += step, at++) {
			bin += list[i];
			out.a[at] = a;
			out.b[at] = b;
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
};
const OTHER = 2 ** 20 - 1;

// Bins that three of the cubes share; a window is a range of them.
const bin_ns = cubes.targets.bin_ns;
const duration_ns = trace.duration_ns === null ? 0 : trace.duration_ns;
const nrBins = Math.max(cubes.targets.nrBins, cubes.delivery.nrBins, cubes.tasks.nrBins,
	Math.min(256, Math.ceil(duration_ns / bin_ns)));
// Where the last bin ends, or the recording does in it.
const end_ns = duration_ns > (nrBins - 1) * bin_ns ? Math.min(duration_ns, nrBins * bin_ns) : nrBins * bin_ns;
const hasTime = !page.timeless && trace.duration_ns !== null;

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

// --- numbers as text ---

const THIN = "\u202f";

function formatCount(n) {
	if (n === null || n === undefined)
		return "–";
	return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, THIN);
}

// Three digits: 9.54 µs.
function formatNs(ns) {
	if (ns === null || ns === undefined)
		return "–";
	const units = ["ns", "µs", "ms", "s"];
	let value = ns, unit = 0;
	while (value >= 999.5 && unit < 3) {
		value /= 1000;
		unit++;
	}
	if (!unit)
		return `${Math.round(value)}${THIN}ns`;
	return `${value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0)}${THIN}${units[unit]}`;
}

function formatRate(perSecond) {
	if (perSecond >= 999500)
		return `${(perSecond / 1e6).toPrecision(3)}${THIN}M/s`;
	if (perSecond >= 9995)
		return `${(perSecond / 1e3).toPrecision(3)}${THIN}k/s`;
	return `${perSecond >= 100 ? formatCount(perSecond) : Number(perSecond.toPrecision(3))}/s`;
}

function formatPercent(share) {
	const percent = 100 * share;
	return `${percent && percent < 0.1 ? "<0.1" : percent.toFixed(percent < 9.95 ? 1 : 0)}${THIN}%`;
}

// Since the start of the recording, with as many digits as a window of this length asks for.
function formatAt(ns, window_ns) {
	const digits = Math.max(0, Math.min(9, Math.ceil(11 - Math.log10(Math.max(1, window_ns)))));
	return `${(ns / 1e9).toFixed(digits)}${THIN}s`;
}

// --- distributions ---

// counts: by bucket. Numbers as the report has them, but within half a bucket.
function percentile(counts, total, p) {
	let sum = 0;
	const want = Math.max(1, Math.ceil(p * total));
	for (const [low, high, n] of counts) {
		sum += n;
		if (sum >= want)
			return (low + high) / 2;
	}
	return null;
}

// [[low, high, n], ...] of bucket numbers, without the untimed.
function toBuckets(map, bits) {
	return [...map].map(([bucket, n]) => [bucketLow(bucket, bits), bucketHigh(bucket, bits), n])
		.filter(([low]) => low < UNTIMED_NS).sort((x, y) => x[0] - y[0]);
}
