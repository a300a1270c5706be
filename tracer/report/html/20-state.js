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

const main = document.getElementById("page");
const drawers = [];
let sums; // of what is looked at, by row

function onChange(draw) {
	drawers.push(draw);
}

function change(what) {
	Object.assign(state, what);
	sums = sumRows();
	drawers.forEach((draw) => draw());
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
	passes[ROW_REST] = passes[ROW_OWN] = passes[ROW_UNSOLICITED] = all;
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

// --- elements ---

// All that comes from a recording goes through here, as text.
function el(tag, attributes, ...children) {
	const node = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes || {})) {
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else if (value === true)
			node.setAttribute(name, "");
		else if (value !== false && value !== null && value !== undefined)
			node.setAttribute(name, value);
	}
	for (const child of children.flat())
		if (child !== null && child !== undefined)
			node.append(child);
	return node;
}

function section(id, title, about, ...children) {
	return el("section", { id, "aria-labelledby": `${id}-title` },
		el("div", { class: "head" }, el("h2", { id: `${id}-title` }, title), el("p", { class: "about" }, about)),
		...children);
}

// Buttons of which one is pressed.
function choice(label, options, get, set) {
	const group = el("div", { class: "choice", role: "group", "aria-label": label });
	const buttons = options.map(([value, text]) => el("button", { type: "button", "data-value": value,
		onclick: () => set(value) }, text));
	const draw = () => buttons.forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.value === get())));

	group.append(...buttons);
	draw();
	onChange(draw);
	return group;
}

// Colours are the style's: this asks for them, also for canvas.
function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
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

// --- one tip for everything that is pointed at ---

const tip = el("div", { class: "tip", role: "status", hidden: true });

function showTip(x, y, content) {
	tip.replaceChildren(...content);
	tip.hidden = false;
	const box = tip.getBoundingClientRect();
	tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - box.width - 8))}px`;
	tip.style.top = `${y + 18 + box.height > innerHeight ? Math.max(4, y - box.height - 10) : y + 18}px`;
}

function hideTip() {
	tip.hidden = true;
}

// Pairs of a name and a value.
function facts(pairs) {
	return el("dl", {}, pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}
