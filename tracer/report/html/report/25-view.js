// SPDX-License-Identifier: GPL-2.0-only
// What of a view is in the page's address (common/25-address.js): times in ns since the start, names as the page shows them.

// Bins that begin with the first time and end with the second, of "FROM-TO".
function binsInAddress(text) {
	const ns = hasTime ? addressNumbers(text, 2) : null;
	if (!ns || ns[0] >= ns[1] || ns[1] > end_ns)
		return null;
	return [Math.floor(ns[0] / bin_ns), Math.min(nrBins, Math.ceil(ns[1] / bin_ns))];
}

function timesInAddress(key, may) {
	return [() => state[key] && spanNs(state[key]).join("-"), (text) => {
		const found = text === null ? null : binsInAddress(text);
		const known = found !== null && may(found);
		state[key] = known && (found[0] > 0 || found[1] < nrBins) ? found : null;
		return text === null || known;
	}];
}

function onlyInAddress(c) {
	inAddress(`only.${c.id}`, () => (c.id in state.filters ? String(state.filters[c.id]) : null), (text) => {
		const row = text === null ? null : rows.find((r) => r.values[c.index] !== null && String(r.values[c.index]) === text);
		const filters = Object.assign({}, state.filters);
		delete filters[c.id];
		if (row)
			filters[c.id] = row.values[c.index];
		state.filters = filters;
		return text === null || row !== undefined;
	});
}

function viewInAddress() {
	const each = cubes.targets.cpusEach;

	inAddress("time", ...timesInAddress("window", () => true));
	// What the chart shows has the window in it.
	inAddress("chart-time", ...timesInAddress("shown", ([from, to]) => state.window !== null && from <= state.window[0] && to >= state.window[1]));
	keyColumns.forEach(onlyInAddress);
	inAddress("process", () => (state.task === null || state.task === OTHER ? null : page.task_names[state.task]), (text) => {
		const task = text === null ? -1 : page.task_names.indexOf(text);
		state.task = task < 0 ? null : task;
		return text === null || task >= 0;
	});
	inAddress("target", () => (state.target === null || state.target === OTHER ? null : String(state.target * each)), (text) => {
		const cpu = text === null ? null : addressNumbers(text, 1), target = cpu && Math.floor(cpu[0] / each);
		const known = cpu !== null && state.task === null && target !== OTHER && cubes.targets.b.includes(target);
		state.target = known ? target : null;
		return text === null || known;
	});
	searchInAddress(state);
	inAddress("sort", () => (state.sort.id === "target_hits" && state.sort.down ? null : `${state.sort.down ? "-" : ""}${state.sort.id}`), (text) => {
		const id = text === null ? "target_hits" : text.replace(/^-/, ""), known = page.columns.some((c) => c.id === id);
		state.sort = known ? { id, down: text === null || text !== id } : { id: "target_hits", down: true };
		return known;
	});
	rowInAddress(state, rows.length);
	oneInAddress("chart", state, "metric", anyStolen ? ["hits", "stolen"] : ["hits"]);
	oneInAddress("cells", state, "cell", anyDelivery && cubes.matrix.bits !== null ? ["count", "p50", "p99"] : ["count"]);
}
