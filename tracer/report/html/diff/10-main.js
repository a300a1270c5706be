// SPDX-License-Identifier: GPL-2.0-only
// Two recordings, or more, side by side: what changed, by how much, and how sure that is.

const diff = given.diff;
const metrics = given.page.metrics;
const perWhat = diff.a.units === null ? "/s" : "/unit";
const BEGINS_WITH_CHANGED = diff.rows.some(isChanged);
const state = { metric: metrics[0].key, search: "", only: BEGINS_WITH_CHANGED, open: null };

function isChanged(row) {
	return given.page.metrics.some((m) => row[m.key] && row[m.key].significant);
}

function viewInAddress() {
	oneInAddress("measure", state, "metric", metrics.map((m) => m.key));
	searchInAddress(state);
	inAddress("rows", () => (state.only === BEGINS_WITH_CHANGED ? null : state.only ? "changed" : "all"), (text) => {
		const known = ["changed", "all"].includes(text);
		state.only = known ? text === "changed" : BEGINS_WITH_CHANGED;
		return text === null || known;
	});
	rowInAddress(state, diff.rows.length);
}

function change(what) {
	Object.assign(state, what);
	redraw();
}

function rowName(row) {
	return diff.by.map((key) => row[key]).filter((v) => v !== null && v !== undefined).join(" → ") || "–";
}

// --- numbers ---

function metricName(m) {
	return m.name.replace(/_/g, " ");
}

function metricText(m, v) {
	if (v === null || v === undefined)
		return "–";
	if (m.kind !== "count")
		return `${formatNs(v)}${m.kind === "sum" ? perWhat : ""}`;
	return perWhat === "/s" ? formatRate(v) : `${v >= 100 ? formatCount(v) : Number(v.toPrecision(3))}${perWhat}`;
}

function percentText(ratio) {
	if (ratio === null || ratio === undefined)
		return "–";
	const percent = 100 * (ratio - 1);
	if (percent >= 995)
		return `×${THIN}${ratio >= 99.5 ? formatCount(ratio) : ratio.toPrecision(3)}`;
	const shown = percent.toFixed(Math.abs(percent) < 9.95 || percent < -98.95 && percent > -99.95 ? 1 : 0);
	return `${percent > 0 ? "+" : percent < 0 ? "−" : "±"}${shown.replace("-", "")}${THIN}%`;
}

function intervalText(v) {
	if (!v || v.low === null)
		return "–";
	return `${percentText(v.low)} … ${v.high === null ? "unbounded" : percentText(v.high)}`;
}

// --- intervals, drawn ---

const WIDTH = 260, HEIGHT = 22, EDGE = 16;
const reach = (() => {
	let most = 2;
	for (const row of [diff.totals].concat(diff.rows))
		for (const m of metrics)
			for (const r of row[m.key] ? [row[m.key].ratio, row[m.key].low, row[m.key].high] : [])
				if (r > 0)
					most = Math.max(most, r, 1 / r);
	return Math.min(most * 1.1, EDGE);
})();
const x = d3.scaleLog().domain([1 / reach, reach]).range([8, WIDTH - 8]).clamp(true);

function axis() {
	const svg = d3.create("svg").attr("width", WIDTH).attr("height", HEIGHT).attr("class", "axis").attr("aria-hidden", "true");
	const ticks = (reach > 6 ? [1 / 10, 1 / 3, 1, 3, 10] : reach > 2.5 ? [1 / 4, 1 / 2, 1, 2, 4] : [0.5, 0.7, 1, 1.4, 2])
		.filter((t) => t >= 1 / reach && t <= reach);

	svg.selectAll("text").data(ticks).join("text").attr("x", x).attr("y", 15).attr("text-anchor", "middle")
		.text((t) => (t === 1 ? "same" : percentText(t)));
	return svg.node();
}

// A point and its 95 % interval; what is within the margin is no change.
function interval(v) {
	const svg = d3.create("svg").attr("width", WIDTH).attr("height", HEIGHT).attr("class", "interval").attr("role", "img")
		.attr("aria-label", v ? `${percentText(v.ratio)}, 95 % interval ${intervalText(v)}` : "nothing to compare");
	const middle = HEIGHT / 2;

	svg.append("rect").attr("class", "margin").attr("x", x(1 / diff.margin)).attr("width", Math.max(1, x(diff.margin) - x(1 / diff.margin)))
		.attr("y", 0).attr("height", HEIGHT);
	if (!v || v.ratio === null)
		return svg.node();
	svg.classed("significant", v.significant);
	if (v.low !== null) {
		const high = v.high === null ? x.range()[1] : x(v.high);
		svg.append("line").attr("x1", v.low > 0 ? x(v.low) : x.range()[0]).attr("x2", high).attr("y1", middle).attr("y2", middle);
		[v.low < 1 / reach, v.high === null || v.high > reach].forEach((beyond, i) => {
			const at = i ? high : v.low > 0 ? x(v.low) : x.range()[0], out = i ? 4 : -4;
			svg.append("path").attr("d", beyond ? `M${at - out},${middle - 4}l${out},4l${-out},4` : `M${at},${middle - 4}v8`);
		});
	}
	svg.append("circle").attr("cx", v.ratio > 0 ? x(v.ratio) : x.range()[0]).attr("cy", middle).attr("r", 4);
	return svg.node();
}

function metricCells(m, v) {
	return [el("td", { class: "num", "data-label": "A" }, metricText(m, v && v.a)),
		el("td", { class: "num", "data-label": "B" }, metricText(m, v && v.b)),
		el("td", { class: "num change", "data-label": "Change" }, percentText(v && v.ratio)), el("td", { class: "interval" }, interval(v)),
		el("td", { class: "num muted", "data-label": "95 % interval" }, intervalText(v)), el("td", { class: "verdictcell" },
			v && v.significant ? el("strong", {}, "changed") : v && v.tested ? "no significant change" : "not tested")];
}

const HEADS = ["A", "B", "Change", null, "95 % interval", ""];

function heads(first) {
	return el("thead", { class: "plain" }, el("tr", {}, el("th", { scope: "col" }, first), HEADS.map((h, i) =>
		el("th", { scope: "col", class: i < 3 || i === 4 ? "num" : "" }, h === null ? axis() : h))));
}

function metricTable(row) {
	return el("div", { class: "scroll" }, el("table", { class: "metrics" }, heads("Measure"),
		el("tbody", {}, metrics.filter((m) => row[m.key]).map((m) => el("tr", { "data-metric": m.key },
			el("th", { scope: "row", title: m.help }, metricName(m)), metricCells(m, row[m.key]))))));
}

// A percentile as it was compared, where it was; else read off the buckets.
function markOf(row, counts, total, side, name, p) {
	const compared = row[`${name}_p${100 * p}_ns`];
	return compared && compared[side] !== null ? [`p${100 * p}`, compared[side], ""] : [`p${100 * p}`, percentile(counts, total, p), "≈"];
}

// A above B, on the same axes: the same time is at the same place, the same share of its side as high.
function distributions(index) {
	const dists = index < given.page.distributions.length ? given.page.distributions[index] : null;
	const out = [];

	for (const [name, about] of dists ? [["delivery", "send to handler entry"], ["handler", "handler entry to exit"]] : []) {
		const sides = ["a", "b"].map((side) => {
			const counts = dists[side][name] && bucketsOf(dists[side][name]), total = counts && d3.sum(counts, (c) => c[2]);
			return counts && { counts, total, marks: [0.5, 0.99].map((p) => markOf(diff.rows[index], counts, total, side, name, p)) };
		});
		const there = sides.filter(Boolean);
		if (!there.length)
			continue;
		const axes = { low: Math.max(1, d3.min(there, (s) => s.counts[0][0])), high: d3.max(there, (s) => s.counts[s.counts.length - 1][1]),
			share: d3.max(there, (s) => d3.max(s.counts, (c) => c[2] / s.total)) };
		const approximate = there.some((s) => s.marks.some((mark) => mark[2]));
		out.push(el("figure", {}, el("figcaption", {}, el("strong", {}, name),
			` ${about}, A above B on the same axes${approximate ? "; ≈: read off buckets" : ""}`),
			sides.map((side, i) => el("div", { class: "side" }, el("span", { class: "sidename" }, "AB"[i]),
				side ? histogramOf(side.counts, side.marks, `${"AB"[i]}: ${name}`, axes) : el("p", { class: "note" }, "nothing")))));
	}
	return el("div", { class: "hists pairs" }, out);
}

// --- the page ---

function sentence() {
	const changed = diff.rows.filter(isChanged).length;
	if (diff.verdict === "not_decided")
		return ["bad", `Not decided: ${diff.reason}`];
	if (diff.verdict !== "changed")
		return [given.page.caveat ? "neutral" : "good", "No significant change."];
	const totals = isChanged(diff.totals);
	const what = [totals && "the totals", changed && `${formatCount(changed)} of ${countOf(diff.rows.length, "row")}`].filter(Boolean);
	return ["changed", `Changed: ${what.join(" and ")}.`];
}

function sideTable() {
	// What is the same of all runs is said once.
	const runs = (side, get) => el("td", {}, ...[...new Set(diff[side].runs.map((r) => (get(r) ? String(get(r)) : "–")))]
		.map((text) => el("div", {}, text)));
	const lines = [["recordings", (r) => r.file], ["kernel", (r) => r.kernel], ["time", (r) => formatNs(r.duration_ns)],
		["tier", (r) => r.tier], ["clock", (r) => r.clock], ["filters", (r) => r.filters],
		["window", (r) => r.window && formatNs(r.window.duration_ns)], ["events missing", (r) => (r.incomplete ? "▲ yes" : null)]]
		.filter(([, get]) => ["a", "b"].some((s) => diff[s].runs.some((r) => get(r))));

	return el("div", { class: "scroll" }, el("table", { class: "sides" },
		el("thead", {}, el("tr", {}, ["", "A", "B"].map((t) => el("th", { scope: "col" }, t)))),
		el("tbody", {}, lines.map(([name, get]) => el("tr", {}, el("th", { scope: "row" }, name), runs("a", get), runs("b", get))))));
}

function header() {
	const [kind, text] = sentence();
	const short = (side) => diff[side].runs.map((run) => run.file.split("/").pop()).join(", ");

	document.title = `${short("a")} : ${short("b")}`;
	const heading = el("h1", {}, short("a"), el("span", { class: "muted" }, " against "), short("b"));
	return el("header", {}, el("div", { class: "title" }, heading, theme()),
		el("p", { class: `verdict ${kind}`, id: "verdict" },
			el("span", { "aria-hidden": "true" }, VERDICT_SIGNS[kind]), text),
		given.page.caveat ? el("p", { class: "note", id: "caveat" }, `${given.page.caveat[0].toUpperCase()}${given.page.caveat.slice(1)}.`) : null,
		diff.forced ? el("p", { class: "note" }, `Compared all the same, though ${diff.forced}.`) : null);
}

function openRow(index) {
	change({ open: state.open === index ? null : index });
	const row = document.querySelector(`#rows tr[data-row="${index}"]`);
	if (row)
		row.focus();
}

function tableRow(row, index, m) {
	return el("tr", { tabindex: "0", "data-row": index, "aria-expanded": String(state.open === index), onclick: () => openRow(index),
		onkeydown: (e) => {
			if (e.key !== "Enter" && e.key !== " ")
				return;
			e.preventDefault();
			openRow(index);
		} }, el("td", { class: "name" }, el("div", { class: "named" }, el("span", { class: "what", title: rowName(row) }, rowName(row)),
		row.status === "both" ? null : el("span", { class: "badge" }, row.status))), metricCells(m, row[m.key]));
}

function rowsSection() {
	const search = el("input", { type: "search", id: "search", placeholder: "Search rows", "aria-label": "Search rows",
		oninput: () => change({ search: search.value }) });
	const only = el("input", { type: "checkbox", id: "only", onchange: () => change({ only: only.checked }) });
	const table = el("table", { class: "rows" }), count = el("p", { class: "count", role: "status" });
	const draw = () => {
		const m = metrics.find((k) => k.key === state.metric), body = el("tbody", {});
		const words = state.search.toLowerCase().split(/\s+/);
		let shown = 0;

		only.checked = state.only;
		if (search.value !== state.search)
			search.value = state.search;
		diff.rows.forEach((row, index) => {
			const text = `${rowName(row)} ${row.class || ""}`.toLowerCase();
			if (state.only && !isChanged(row) || !words.every((w) => text.includes(w)))
				return;
			shown++;
			body.append(tableRow(row, index, m));
			if (state.open === index)
				body.append(el("tr", { class: "detail" }, el("td", { colspan: HEADS.length + 1 },
					el("div", { class: "details" }, metricTable(row), distributions(index)))));
		});
		table.replaceChildren(heads("Row"), body);
		count.textContent = `${formatCount(shown)} of ${countOf(diff.rows.length, "row")}`;
	};

	onChange(draw);
	return section("rows", "Rows", `By ${diff.by.join(" and ")}; a row opens: all that was measured, and distributions of both sides.`,
		el("div", { class: "tools" }, choice("Measure", metrics.map((m) => [m.key, metricName(m)]), () => state.metric,
			(metric) => change({ metric })),
			search, el("label", { class: "check" }, only, " only rows that changed"), count), el("div", { class: "scroll" }, table));
}

const observed = { runs: `Observed: ${diff.a.runs.length} and ${countOf(diff.b.runs.length, "run")}.`,
	slices: "Observed: how much each recording varies from one part of its time to the next.",
	nothing: "Nothing was observed of how much they vary by chance: no interval is known." };

viewInAddress();
main.append(header(), addressNote, section("sides", "What is compared", "", sideTable()),
	section("totals", "Totals", "The point is B against A, the line its interval; within the shaded margin nothing counts as a change.",
		metricTable(diff.totals)), rowsSection(),
	el("footer", {}, `ipitrace ${given.page.version}. ${observed[diff.observed]} ` +
		`“Changed”: of all ${countOf(diff.tested, "value")} that were tested ` +
		`there is one in error in at most ${formatPercent(diff.error)} of comparisons. ` +
		`Intervals are of each value alone, ${formatPercent(diff.confidence)}.`), tip);
followAddress(() => redraw());
document.documentElement.dataset.ready = "yes";
