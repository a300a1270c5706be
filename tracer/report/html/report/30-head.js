// SPDX-License-Identifier: GPL-2.0-only
// What was recorded, and how far to trust it.

// Where the window begins in the recording.
function windowStart() {
	return `+${formatPoint(trace.window.from_ns - trace.start_ns, trace.duration_ns, trace.window.duration_ns)}`;
}

// What is not known to have arrived is no reason to be reassured, nor is nothing at all.
function verdictKind() {
	if (!page.good)
		return "bad";
	return arrivalsKnown && report.totals.target_hits ? "good" : "neutral";
}

function header() {
	const name = trace.file || "recording";
	const what = [trace.kernel && `Linux ${trace.kernel}`, trace.arch, trace.cpus && countOf(trace.cpus, "CPU"),
		trace.duration_ns !== null && formatNs(trace.duration_ns), countOf(trace.events, "event"),
		trace.window && `window of ${formatNs(trace.window.duration_ns)} from ${windowStart()} on`,
		trace.filters && `only ${trace.filters}`].filter(Boolean);
	const how = [trace.host && `on ${trace.host}`, trace.date].filter(Boolean);

	document.title = `${name.split("/").pop()}: IPIs`;
	return el("header", {},
		el("div", { class: "title" }, el("h1", {}, name.split("/").pop()), theme()),
		el("p", { class: "what" }, what.join(" · ")),
		how.length || trace.command ? el("p", { class: "how" }, ["Recorded"].concat(how.join(", ") || []).join(" "),
			trace.command ? [": ", el("code", {}, trace.command)] : null) : null,
		el("p", { class: `verdict ${verdictKind()}`, id: "verdict" },
			el("span", { "aria-hidden": "true" }, VERDICT_SIGNS[verdictKind()]), page.verdict || ""));
}

function tile(id, name, help) {

	return el("div", { class: "tile", title: help },
		el("span", { class: "value", "data-total": id }, formatCount(report.totals[id])), el("span", { class: "name" }, name));
}

function totals() {
	const missing = trace.lost_events !== 0 || trace.late_events || trace.missed_sends || trace.incomplete || trace.damaged ||
		trace.truncated || trace.bad_pages;
	const what = trace.filtered ? `what passes the filter${trace.window ? " in this window" : ""}` :
		trace.window ? "this window" : "the whole recording";

	return section("totals", "Totals", `Of ${what}: ${missing ? "events are missing, but of those that are there none is left out" :
		"every event is in these sums, nothing is sampled"}.`,
		el("div", { class: "law" },
			tile("sends", "sends", "send events"), el("i", {}, "→"),
			tile("target_hits", "hits", "targets of all sends"), el("i", {}, "="),
			tile("delivered", "delivered", "hits that caused an interrupt"), el("i", {}, "+"),
			tile("coalesced", "coalesced", "hits whose interrupt was already requested"), el("i", {}, "+"),
			tile("in_flight", "in flight", "still under way at the end"), el("i", {}, "+"),
			tile("lost", "lost", "lost events hide what became of them")),
		el("div", { class: "law" },
			tile("interrupts", "interrupts", "IPI handlers that ran"), el("i", {}, "="),
			tile("delivered", "delivered", "caused by a hit"), el("i", {}, "+"),
			tile("unsolicited", "unsolicited", "no sender is known"), el("i", { class: "gap" }, ""),
			tile("calls", "calls", "functions queued for other CPUs"),
			tile("elided", "elided", "calls and wake-ups that needed no interrupt")));
}

function sampling() {
	const out = [];
	const t = cubes.targets, m = cubes.matrix;

	if (hasTime)
		out.push(`Over time: bins of ${formatNs(bin_ns)}. Every hit is in one of them.`);
	if (cubes.delivery.bits === null)
		out.push("Deliveries within a window are not told apart: there are too many different ones.");
	else if (anyDelivery)
		out.push(`Within a window, latencies are read off buckets, ${1 << cubes.delivery.bits} a power of two, and marked ≈; ` +
			`of the whole ${wholeName} they are the report's.`);
	if (t.cpusEach > 1)
		out.push(`Targets over time: ${t.cpusEach} CPUs are counted as one.`);
	if (cubes.tasks.merged)
		out.push("Processes: too many for the page; they are counted as one.");
	const pairs = (what, cube, without) => {
		const parts = [hasTime && `bins of ${formatNs(cube.bin_ns)}`, cube.cpusEach > 1 && `${cube.cpusEach} CPUs counted as one`,
			cube.bits === null && without].filter(Boolean);
		if (parts.length)
			out.push(`${what}: ${parts.join(", ")}.`);
	};
	pairs("Who hits whom", m, "no latencies: too many pairs");
	pairs("By row and process, who hits whom", cubes.flows, "no latencies");
	if (!hasTime)
		out.push("Nothing is told apart by time: the recording's clock does not tell it.");
	else if (allLines)
		out.push("Single IPIs: all of them.");
	else
		out.push(`Single IPIs: all in ${formatNs(page.lines.length_ns)} of every ${formatNs(page.lines.period_ns)}, ` +
			`and the slowest of ${slowest.length < rows.length ? `the first ${slowest.length} rows` : "each row"}; ` +
			`${formatCount(lines.length)} in all.`);
	if (rows.length < report.rows_total)
		out.push(`Rows: the first ${formatCount(rows.length)} of ${formatCount(report.rows_total)}; the others are counted together.`);
	if (page.stacks_missing)
		out.push(`Stacks: the most frequent ones; those of ${formatCount(page.stacks_missing)} hits are left out.`);
	return out;
}

function coverageTable() {
	if (!report.coverage.length)
		return null;
	return el("table", { class: "coverage" }, el("caption", {}, "Against /proc/interrupts"),
		el("thead", {}, el("tr", {}, ["line", "traced", "counted", ""].map((t, i) =>
			el("th", { scope: "col", class: i === 1 || i === 2 ? "num" : "" }, t)))),
		el("tbody", {}, report.coverage.map((c) => el("tr", {},
			el("th", { scope: "row" }, c.name), el("td", { class: "num" }, formatCount(c.traced)),
			el("td", { class: "num" }, c.high === null ? `${formatCount(c.low)} or more` :
				c.low === c.high ? formatCount(c.low) : `${formatCount(c.low)}…${formatCount(c.high)}`),
			el("td", {}, c.ok ? "✓" : "▲ differs")))));
}

function trust() {
	return section("trust", "How far to trust it", "Tier, audit and coverage, as the report in text has them.",
		el("div", { class: "columns" },
			el("ul", { class: "foot" }, page.foot.map((line) => el("li", {}, line))),
			el("div", {}, coverageTable(),
				el("h3", {}, "What this page has"), el("ul", { class: "sampling" }, sampling().map((s) => el("li", {}, s))))));
}
