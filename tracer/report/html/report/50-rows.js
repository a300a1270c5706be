// SPDX-License-Identifier: GPL-2.0-only
// The rows: sorted, searched, filtered; a click opens one.

const WHOLE_COLUMNS = ["sends", "target_hits", "coalesced", "elided", "calls", "delivery_p50", "delivery_p90", "delivery_p99",
	"delivery_max", "handler_sum", "wait_p99"];
const WINDOW_COLUMNS = ["target_hits", "delivery_p50", "delivery_p99", "delivery_max", "handler_sum"];
const SHORT = { target_hits: "Hits", sends: "Sends", coalesced: "Coal.", elided: "Elided", calls: "Calls", delivery_p50: "Delivery p50",
	delivery_p90: "Delivery p90", delivery_p99: "Delivery p99", delivery_max: "Delivery max", handler_sum: "Stolen",
	wait_p99: "Wait p99", caller: "Caller", func: "Function", class: "Class" };
const LATENCIES = { delivery_p50: 0.5, delivery_p90: 0.9, delivery_p99: 0.99, delivery_max: 1 };

function isWhole() {
	return !state.window && !isFiltered();
}

function shownColumns() {
	const keys = keyColumns.map((c) => c.id), last = keys.includes("class") ? [] : ["class"];
	const counts = (isWhole() ? WHOLE_COLUMNS : WINDOW_COLUMNS)
		.filter((id) => !isWhole() || rows.some((row) => rowValue(row, id)));
	return keys.concat(counts, last).map((id) => column[id]);
}

// The number of a row as it is looked at; null where it does not exist.
function cellValue(row, id) {
	if (isWhole() || column[id].unit === "name" || column[id].key)
		return rowValue(row, id);
	if (id === "target_hits")
		return sums.hits[row.index];
	if (id === "handler_sum")
		return sums.stolen[row.index];
	const d = sums.delivery[row.index];
	if (!sums.asFiltered || !d.total)
		return null;
	return percentile(d.counts, d.total, LATENCIES[id]);
}

function cellText(row, c) {
	const v = cellValue(row, c.id);
	if (v === null)
		return "–";
	if (c.unit === "ns")
		return `${!isWhole() && c.id in LATENCIES ? "≈" : ""}${formatNs(v)}`;
	return c.unit === "count" ? formatCount(v) : String(v);
}

// What is chosen, where it is among the columns of a window; else the hits that are.
function sortedBy() {
	return shownColumns().some((c) => c.id === state.sort.id) ? state.sort : { id: "target_hits", down: true };
}

function compare(x, y, { id, down }) {
	const a = cellValue(x, id), b = cellValue(y, id);
	if (a === null || b === null)
		return (a === null) - (b === null) || x.index - y.index;
	const order = typeof a === "string" ? a.localeCompare(b) : a - b;
	return (down ? -order : order) || x.index - y.index;
}

function visibleRows() {
	const by = sortedBy();
	return rows.filter((row) => rowPasses(row) && (isWhole() || sums.hits[row.index])).sort((x, y) => compare(x, y, by));
}

function toggleFilter(id, value) {
	const filters = Object.assign({}, state.filters);
	if (filters[id] === value)
		delete filters[id];
	else
		filters[id] = value;
	change({ filters });
}

function sortBy(id) {
	const text = column[id].unit === "name", now = sortedBy();
	change({ sort: { id, down: now.id === id ? !now.down : !text } });
}

function columnName(c) {
	return SHORT[c.id] || c.header[0] + c.header.slice(1).toLowerCase();
}

// Where a cell is if a row takes two lines, see fit(): names are on the first.
function lineClass(i) {
	return i < keyColumns.length ? "key" : i > keyColumns.length ? "value" : "value first";
}

function headerCell(c, i) {
	const { id, down } = sortedBy(), sorted = id === c.id;
	return el("th", { scope: "col", class: `${c.unit === "name" || c.key ? "" : "num "}${lineClass(i)}`, "data-column": c.id,
		"aria-sort": sorted ? (down ? "descending" : "ascending") : null },
	el("button", { type: "button", title: c.help, "data-key": `sort ${c.id}`, onclick: () => sortBy(c.id) },
		columnName(c), el("span", { class: "arrow", "aria-hidden": "true" },
			sorted ? (down ? "\u00a0↓" : "\u00a0↑") : "")));
}

// A name is a button that filters by it; all around it opens the row.
function nameCell(row, c, i) {
	const v = row.values[c.index];
	const swatch = i === 0 ? el("span", { class: "swatch", "aria-hidden": "true" }) : null;
	if (swatch)
		swatch.style.background = rowColour(row.index);
	if (v === null)
		return el("td", { class: `name ${lineClass(i)}${swatch ? "" : " none"}` }, swatch, "–");
	return el("td", { class: `name ${lineClass(i)}` }, swatch,
		el("button", { type: "button", class: "name", title: `${v}: show only these`,
			"data-key": `name ${c.id} ${row.index}`, "aria-pressed":
			String(state.filters[c.id] === v), onclick: (e) => {
			e.stopPropagation();
			toggleFilter(c.id, v);
		} }, keyText(row, c)));
}

function openRow(index) {
	change({ open: state.open === index ? null : index });
	const row = document.querySelector(`#rows tr[data-row="${index}"]`);
	if (row)
		row.focus();
}

function rowKey(e, index) {
	const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
	if (e.key === "Escape" && state.open === index)
		openRow(index);
	if (e.target !== e.currentTarget)
		return;
	if (e.key === "Enter" || e.key === " ") {
		e.preventDefault();
		openRow(index);
	} else if (step) {
		const all = [...document.querySelectorAll("#rows tr[data-row]")];
		const next = all[all.indexOf(e.currentTarget) + step];
		e.preventDefault();
		if (next)
			next.focus();
	}
}

function tableRow(row, cols, total) {
	const share = total ? cellValue(row, "target_hits") / total : 0;
	const tr = el("tr", { tabindex: "0", "data-row": row.index, "aria-expanded": String(state.open === row.index),
		onclick: () => openRow(row.index), onkeydown: (e) => rowKey(e, row.index) });

	cols.forEach((c, i) => {
		if (c.unit === "name" || c.key) {
			tr.append(nameCell(row, c, i));
			return;
		}
		const td = el("td", { class: `num ${lineClass(i)}`, "data-column": c.id, "data-label": columnName(c) }, cellText(row, c));
		if (c.id === "target_hits" && share) {
			const bar = el("span", { class: "bar", "aria-hidden": "true" });
			bar.style.width = `${100 * share}%`;
			td.append(bar);
		}
		tr.append(td);
	});
	return tr;
}

// Where there is no room for so many names and numbers beside each other, a row takes two lines, in columns of their own.
const LINE_PARTS = 60;
function fit(table, nrColumns) {
	table.classList.remove("two-lines");
	if (table.parentElement.scrollWidth <= table.parentElement.clientWidth)
		return;
	table.style.setProperty("--key", Math.floor(LINE_PARTS / keyColumns.length));
	table.style.setProperty("--value", Math.floor(LINE_PARTS / (nrColumns - keyColumns.length)));
	table.classList.add("two-lines");
}

// --- what is filtered by, and how to be rid of it ---

function chip(text, drop) {
	return el("button", { type: "button", class: "chip", onclick: drop, "aria-label": `${text}: remove this filter` },
		text, el("span", { "aria-hidden": "true" }, " ×"));
}

function cpuName(b) {
	const each = cubes.targets.cpusEach;
	if (b === OTHER)
		return "all CPUs";
	return each === 1 ? `CPU ${b}` : `CPUs ${b * each}–${(b + 1) * each - 1}`;
}

function chips() {
	const out = Object.entries(state.filters).map(([id, v]) => chip(`${SHORT[id] || id}: ${v}`, () => toggleFilter(id, v)));
	if (state.task !== null)
		out.push(chip(`Process: ${page.task_names[state.task] || "all"}`, () => change({ task: null })));
	if (state.target !== null)
		out.push(chip(`Target: ${cpuName(state.target)}`, () => change({ target: null })));
	if (state.window) {
		const [from, to] = windowNs();
		out.push(chip(`Time: ${formatAt(from, to - from)} … ${formatAt(to, to - from)}`, () => change(ALL_TIME)));
	}
	return out;
}

// --- bars of processes and targets ---

const FACET_ROWS = 8;

function facet(title, cube, name, get, set) {
	const list = el("ol", {}), more = el("button", { type: "button", class: "more" });
	const heading = el("h3", {});
	const amount = (v) => (state.metric === "hits" ? formatCount(v) : formatNs(v));
	let all = false;
	const draw = () => {
		const ofAll = cube === cubes.tasks ? state.target !== null : state.task !== null;
		heading.replaceChildren(title, ofAll ? el("span", { class: "muted" }, cube === cubes.tasks ? " of all targets" : " of all processes") : "");
		const sum = new Map(), passes = passing();
		for (let i = 0; i < cube.nr; i++)
			if (passes[cube.a[i]] && isHit(cube.a[i]) && inWindow(cube.bin[i]))
				sum.set(cube.b[i], (sum.get(cube.b[i]) || 0) + (state.metric === "hits" ? cube.n[i] : cube.ns[i]));
		const order = [...sum].filter(([, v]) => v).sort((x, y) => y[1] - x[1]);
		const most = order.length ? order[0][1] : 1;
		list.replaceChildren(...order.slice(0, all ? order.length : FACET_ROWS).map(([b, v]) => {
			const bar = el("span", { class: "bar", "aria-hidden": "true" });
			bar.style.width = `${100 * v / most}%`;
			return el("li", {}, el("button", { type: "button", "data-value": b, "data-key": `${title} ${b}`, "aria-pressed": String(get() === b),
				onclick: () => set(get() === b ? null : b) }, bar, el("span", { class: "what" }, name(b)),
			el("span", { class: "num" }, amount(v))));
		}));
		more.hidden = order.length <= FACET_ROWS;
		more.classList.toggle("hint", all);
		more.replaceChildren(...all ? ["fewer"] : [`${order.length - FACET_ROWS} more`,
			el("span", { class: "num" }, amount(d3.sum(order.slice(FACET_ROWS), ([, v]) => v)))]);
	};

	more.addEventListener("click", () => {
		all = !all;
		draw();
	});
	onChange(draw);
	return el("div", { class: "facet" }, heading, list, more);
}

function rowsSection() {
	const search = el("input", { type: "search", id: "search", placeholder: "Search callers and functions", "aria-label": "Search rows",
		oninput: () => change({ search: search.value }) });
	const filters = el("div", { class: "chips", "aria-label": "Filters" });
	const table = el("table", { class: "rows" });
	const count = el("p", { class: "count", role: "status" });
	const note = el("p", { class: "note" });
	const draw = () => {
		const cols = shownColumns(), list = visibleRows();
		const total = list.reduce((sum, row) => sum + (cellValue(row, "target_hits") || 0), 0);
		const body = el("tbody", {});

		if (search.value !== state.search)
			search.value = state.search;
		filters.replaceChildren(...chips());
		for (const row of list) {
			body.append(tableRow(row, cols, total));
			if (state.open === row.index)
				body.append(el("tr", { class: "detail", onkeydown: (e) => e.key === "Escape" && openRow(row.index) },
					el("td", { colspan: cols.length }, rowDetail(row))));
		}
		table.replaceChildren(el("thead", {}, el("tr", {}, cols.map(headerCell))), body);
		fit(table, cols.length);
		count.textContent = `${list.length} of ${countOf(report.rows_total, "row")}, ${countOf(total, "hit")}`;
		note.textContent = isWhole() || !anyDelivery ? "" : sums.asFiltered ? "Hits and stolen time are exact; latencies (≈) are read off buckets." :
			`Hits and stolen time are exact; deliveries by ${state.task !== null ? "process" : "target"}` +
			`${state.window ? " in so short a time" : ""} are more than this page has room for.`;
	};

	onChange(draw);
	const opens = [(anyDelivery || anyStolen) && "distributions", hasStacks && "stacks", slowest.some((l) => l.length) && "slowest IPIs"]
		.filter(Boolean).join(", ").replace(/, ([^,]*)$/, " and $1");
	return section("rows", "Rows",
		[`By ${report.by.join(" and ")}. `, hint(`A name filters${opens ? `, a row opens: its ${opens}` : ""}.`)],
		el("div", { class: "tools" }, search, filters, count), note, el("div", { class: "scroll" }, table));
}

function facets() {
	return el("aside", { class: "facets", "aria-label": "Processes and targets" },
		facet("Sending processes", cubes.tasks, (b) => (b === OTHER ? "all" : page.task_names[b]), () => state.task,
			(task) => change({ task, target: null })),
		facet("Targets", cubes.targets, cpuName, () => state.target, (target) => change({ target, task: null })));
}
