// SPDX-License-Identifier: GPL-2.0-only
// What is looked at now: a window of time, filters, a row; and who draws it.

const state = {
	window: null,	// [first bin, behind the last], or null: all of it
	shown: null,	// of these, what the chart over time has room for: likewise
	filters: {},	// by column's id: a value that rows must have
	task: null,	// number of a sending process, or
	target: null,	// number of a target (of its group where CPUs share one), never both
	search: "",
	sort: { id: "target_hits", down: true },
	open: null,	// index of the row whose details are shown
	metric: "hits",	// over time: hits | stolen
	cell: "count",	// matrix: count | p50 | p99
};

const ALL_TIME = { window: null, shown: null };
let sums; // of what is looked at, by row

function change(what) {
	Object.assign(state, what);
	sums = sumRows();
	redraw();
}

function isFiltered() {
	return state.task !== null || state.target !== null;
}

// By what rows are, not by who sent to whom.
function isRowFiltered() {
	return Object.keys(state.filters).length > 0 || state.search.trim() !== "";
}

function inWindow(bin) {
	return !state.window || (bin >= state.window[0] && bin < state.window[1]);
}

function spanNs(bins) {
	return bins ? [bins[0] * bin_ns, Math.min(bins[1] * bin_ns, end_ns)] : [0, end_ns];
}

function windowNs() {
	return spanNs(state.window);
}

// Rows that pass the filters on their own values.
function rowPasses(row) {
	for (const [id, value] of Object.entries(state.filters))
		if (rowValue(row, id) !== value)
			return false;
	if (!state.search)
		return true;
	const text = keyColumns.concat([column.class]).map((c) => row.values[c.index]).join(" ").toLowerCase();
	return state.search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function passing() {
	const passes = new Uint8Array(NR_ROWS);
	rows.forEach((row) => (passes[row.index] = rowPasses(row)));
	const all = !isRowFiltered();
	passes[ROW_REST] = passes[ROW_OWN] = all;
	passes[ROW_UNSOLICITED] = all && tellsUnsolicited;
	return passes;
}

// Calls each(row, bin, other, n, ns) for the hits that pass all filters, whatever the window; other: target or process.
function eachHit(each) {
	const cube = state.task !== null ? cubes.tasks : cubes.targets;
	const want = state.task !== null ? state.task : state.target;
	const passes = passing();

	for (let i = 0; i < cube.nr; i++)
		if (passes[cube.a[i]] && (want === null || cube.b[i] === want))
			each(cube.a[i], cube.bin[i], cube.b[i], cube.n[i], cube.ns[i]);
}

// What is counted under OTHER is of all.
function taskPasses(task) {
	return state.task === null || state.task === OTHER || task === state.task;
}

// each: how many CPUs are one where this number is of.
function targetPasses(target, each) {
	const group = cubes.targets.cpusEach;
	return state.target === null || state.target === OTHER ||
		(target + 1) * each > state.target * group && target * each < (state.target + 1) * group;
}

// Calls each(cell, row) for the flows of a span of time that pass the filters. What has no row of its own is told with null.
function eachFlow(from_ns, to_ns, each) {
	const cube = cubes.flows, passes = passing();
	const first = Math.floor(from_ns / cube.bin_ns), last = Math.max(first + 1, Math.ceil(to_ns / cube.bin_ns));

	for (let i = 0; i < cube.nr; i++) {
		const [row, task] = page.flow_names[cube.a[i]];
		if (cube.bin[i] < first || cube.bin[i] >= last)
			continue;
		if (row === null || passes[row] && taskPasses(task))
			each(i, row);
	}
}

// Whether a window of time is one of whole bins of this cube.
function fits(cube) {
	const [from, to] = windowNs();
	return from % cube.bin_ns === 0 && (to % cube.bin_ns === 0 || to === end_ns);
}

const flowsMissing = page.flow_names.some(([row]) => row === null);

function linePasses(line, passes) {
	return passes[line.row === null ? ROW_UNSOLICITED : line.row] && (line.task === null ? state.task === null : taskPasses(line.task)) &&
		targetPasses(line.target, 1);
}

function addTo(maps, row, bucket, n) {
	const map = maps[row] || (maps[row] = new Map());
	map.set(bucket, (map.get(bucket) || 0) + n);
}

// Deliveries by row within the window; as filtered where flows tell that, else of all processes and targets.
function deliveries(maps) {
	const flows = cubes.flows;
	if (isFiltered() && flows.bits !== null && !flowsMissing && fits(flows) && (state.target === null || flows.cpusEach <= cubes.targets.cpusEach)) {
		const [from, to] = windowNs();
		eachFlow(from, to, (i, row) => {
			if (targetPasses(flows.c[i], flows.cpusEach))
				addTo(maps, row, flows.bucket[i], flows.n[i]);
		});
		return [flows.bits, true];
	}
	const cube = cubes.delivery;
	for (let i = 0; i < cube.nr; i++)
		if (inWindow(cube.bin[i]))
			addTo(maps, cube.a[i], cube.bucket[i], cube.n[i]);
	return [cube.bits, !isFiltered()];
}

// Of each row within the window: hits and stolen time as filtered, and deliveries; asFiltered: these are so as well.
function sumRows() {
	const out = { hits: new Float64Array(NR_ROWS), stolen: new Float64Array(NR_ROWS), delivery: [] };

	eachHit((row, bin, other, n, ns) => {
		if (!inWindow(bin))
			return;
		out.hits[row] += n;
		out.stolen[row] += ns;
	});
	const maps = [], [bits, asFiltered] = deliveries(maps);
	out.asFiltered = asFiltered;
	for (let row = 0; row < NR_ROWS; row++) {
		const counts = maps[row] && bits !== null ? toBuckets(maps[row], bits) : [];
		out.delivery[row] = { counts, total: counts.reduce((sum, c) => sum + c[2], 0) };
	}
	return out;
}

const NR_COLOURS = 8;
function rowColour(index) {
	if (index >= NR_COLOURS && index < rows.length || index === ROW_REST)
		return colour("rest");
	if (index === ROW_OWN)
		return colour("own");
	if (index === ROW_UNSOLICITED)
		return colour("bad");
	return colour(`c${index}`);
}
