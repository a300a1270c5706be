// SPDX-License-Identifier: GPL-2.0-only
// What is looked at now: a window of time, filters, a row; and who draws it.

const state = {
	window: null,	// [first bin, behind the last], or null: all of it
	filters: {},	// by column's id: a value that rows must have
	task: null,	// number of a sending process, or
	target: null,	// number of a target (of its group where CPUs share one), never both
	search: "",
	sort: { id: "target_hits", down: true },
	open: null,	// index of the row whose details are shown
	metric: "hits",	// over time: hits | stolen
	cell: "count",	// matrix: count | p50 | p99
};

let sums; // of what is looked at, by row

function change(what) {
	Object.assign(state, what);
	sums = sumRows();
	redraw();
}

function isFiltered() {
	return state.task !== null || state.target !== null;
}

function inWindow(bin) {
	return !state.window || (bin >= state.window[0] && bin < state.window[1]);
}

function windowNs() {
	return state.window ? [state.window[0] * bin_ns, Math.min(state.window[1] * bin_ns, end_ns)] : [0, end_ns];
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
	const all = !Object.keys(state.filters).length && !state.search;
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

// Of each row within the window: hits and stolen time as filtered, and deliveries of all of its targets and processes.
function sumRows() {
	const out = { hits: new Float64Array(NR_ROWS), stolen: new Float64Array(NR_ROWS), delivery: [] };

	eachHit((row, bin, other, n, ns) => {
		if (!inWindow(bin))
			return;
		out.hits[row] += n;
		out.stolen[row] += ns;
	});
	const maps = [], cube = cubes.delivery;
	for (let i = 0; i < cube.nr; i++) {
		if (!inWindow(cube.bin[i]))
			continue;
		const map = maps[cube.a[i]] || (maps[cube.a[i]] = new Map());
		map.set(cube.bucket[i], (map.get(cube.bucket[i]) || 0) + cube.n[i]);
	}
	for (let row = 0; row < NR_ROWS; row++) {
		const counts = maps[row] && cube.bits !== null ? toBuckets(maps[row], cube.bits) : [];
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
