// SPDX-License-Identifier: GPL-2.0-only
// The IPIs themselves: a lane a CPU, from the send through its flight to the handler and its function.

// IPIs at once, each of some shapes, and lanes, which are as high as there is room for.
const MAX_SHOWN = 3000, MAX_LANES = 256;
const LANE = { most: 34, least: 10, all: 1400 };
const LEAST_NS = 200;
let showLine = () => {};

// Every line once, with the row that its colour is of.
function allOfLines() {
	const out = [...lines];
	slowest.forEach((list) => list.forEach((l) => {
		if (!out.some((o) => o.send_id === l.send_id && o.target === l.target && o.begin === l.begin))
			out.push(l);
	}));
	return out.sort((x, y) => x.begin - y.begin);
}

function isOpen(line, from, to) {
	return line.kind !== "call" && line[from] !== null && line[to] === null;
}

function lineColour(line) {
	if (line.own)
		return colour("own");
	return rowColour(line.row === null ? ROW_UNSOLICITED : line.row);
}

// A time as "list" prints it, and "report --around" takes it.
function traceClock(ns) {
	const at = (trace.window ? trace.window.from_ns : trace.start_ns) + ns, s = Math.floor(at / 1e9);
	return `${s}.${String(Math.floor((at - s * 1e9) / 1e3)).padStart(6, "0")}`;
}

// All that is known of it, in order of time.
function life(line) {
	const names = { queue_ns: "queued", send_ns: "sent", sent_ns: "stack taken", entry_ns: "handler entry", run_ns: "function entry",
		done_ns: "function exit", exit_ns: "handler exit" };
	const points = Object.keys(names).filter((k) => line[k] !== null && !(k === "sent_ns" && line.sent_ns === line.send_ns))
		.sort((x, y) => line[x] - line[y]);
	const who = [line.caller, line.func].filter(Boolean).join(" → ") || line.class;
	const kinds = { hit: "IPI", call: "call without an IPI of its own", irq: "interrupt of an unknown sender", wake: "wake-up" };
	const outcome = line.outcome ? `, ${line.outcome.replace("_", " ")}${line.how ? ` (${line.how})` : ""}` : "";
	const out = [["what", kinds[line.kind] + outcome], ["class", line.class]];

	if (line.source !== null)
		out.push(["CPUs", `${line.source} → ${line.target}`]);
	if (line.comm)
		out.push(["sender", `${line.comm}${line.pid === null ? "" : ` ${line.pid}`}`]);
	if (line.wakee)
		out.push(["wakes", line.wakee]);
	if (line.victim_comm || line.victim_context)
		out.push(["hits", victim(line)]);
	if (isOpen(line, "entry_ns", "exit_ns"))
		out.push(["handler exit", "not recorded"]);
	points.forEach((k, i) => out.push([names[k], i ? `+${formatNs(line[k] - line[points[0]])}` :
		`${formatAt(line[k], 1)}${trace.window ? " of the window" : ""}`]));
	if (points.length)
		out.push(["trace clock", traceClock(line[points[0]])]);
	if (line.sent_ns !== null && line.entry_ns !== null && line.how !== "ambiguous" && line.entry_ns >= line.sent_ns)
		out.push(["delivery", formatNs(line.entry_ns - line.sent_ns)]);
	if (line.wait_ns !== null)
		out.push(["sender waited", formatNs(line.wait_ns)]);
	return [el("strong", {}, line.own ? `${who} (ipitrace itself)` : who), facts(out)];
}

// What is drawn, as far as it was recorded.
function arrowsEnd() {
	const any = (key) => lines.some((l) => l.kind === "hit" && l[key] !== null);
	if (!hasHits)
		return "A bar is an interrupt from its handler's entry on: sends were not recorded.";
	if (any("entry_ns"))
		return `A dot is the send, the arrow ends at the handler's entry${any("run_ns") ? "; in the handler lies the function" : ""}.`;
	const where = any("run_ns") ? "ends at the function's entry: handlers were" : "leads to the target: when it arrived was";
	return `A dot is the send, the arrow ${where} not recorded.`;
}

function lanesSection() {
	const existing = allOfLines();
	let everything = existing;	// that pass the filters
	const margin = { top: 18, right: 34, bottom: 22, left: 64 };
	const OPEN = 30;	// pixels, of what has no known end
	const svg = d3.create("svg").attr("class", "lanes").attr("role", "img").attr("aria-label", "Single IPIs, a lane a CPU");
	const box = el("div", { class: "lanebox", tabindex: "0", role: "group", "aria-label":
		"Single IPIs: arrow keys move, + and − zoom, n and p go from one to the next" }, svg.node());
	const said = el("p", { class: "count", role: "status", id: "lanes-shown" });
	const panel = el("div", { class: "life", "aria-live": "polite" });
	let span = null, unasked = true, chosen = null, x, drawn;	// unasked: it is what there is most to see of

	const FEW = 20, ENOUGH = 8;

	// A few in a row, from a place on.
	function fewFrom(first, from = 0, to = Infinity, few = FEW) {
		const list = everything.slice(first, first + few).filter((l) => l.begin < to), begin = list[0].begin;
		const until = pieceEnd(begin);
		const end = d3.max(list, (l) => (l.begin < until ? Math.min(lineEnd(l), l.begin + 1e6) : begin));
		const length = Math.max(1000, end - begin);
		const margin_ns = length * 0.04;
		return [Math.max(from ? from : -Infinity, begin - margin_ns), Math.min(to, begin + length + margin_ns)];
	}

	// How long a piece may be that is drawn: one in it is still some pixels wide; but so long that there is one of enough of them.
	function drawable(list) {
		const typical = d3.median(list, (l) => lineEnd(l) - l.begin) || 1000, enough = Math.min(ENOUGH, list.length) - 1;
		const shortest = d3.min(list.slice(0, list.length - enough), (l, i) =>
			(list[i + enough].begin < pieceEnd(l.begin) ? list[i + enough].begin - l.begin : Infinity));
		return Math.max(150 * typical, shortest < Infinity ? shortest : 0);
	}

	// Those of the window that there is most to see of: many, of different rows, and little time in which nothing is.
	function best() {
		const [from, to] = windowNs();
		const those = everything.filter((l) => l.begin >= from && l.begin < to);
		if (!those.length)
			return [from, to];
		const first = everything.indexOf(those[0]), most_ns = drawable(those);
		let score = -1, found = 0, few = 1;
		those.forEach((l, i) => {
			const until = pieceEnd(l.begin);
			const list = those.slice(i, i + FEW).filter((o) => o.begin < until && o.begin - l.begin <= most_ns);
			const length = list[list.length - 1].begin - l.begin + 1000;
			const busy = d3.sum(list, (o) => Math.min(1e5, lineEnd(o) - o.begin));
			const kinds = new Set(list.map((o) => `${o.func} ${o.caller} ${o.source}`)).size;
			const value = list.length * Math.sqrt(kinds) * (1 + Math.min(1, busy / length));
			if (value > score)
				[score, found, few] = [value, first + i, list.length];
		});
		return state.window ? fewFrom(found, from, to, few) : fewFrom(found, 0, Infinity, few);
	}

	function pieceEnd(at) {
		if (allLines)
			return Infinity;
		const piece = Math.floor(at / page.lines.period_ns) * page.lines.period_ns + page.lines.length_ns;
		return at < piece ? piece : Infinity;
	}

	function visible() {
		return everything.filter((l) => l.begin <= span[1] && lineEnd(l) >= span[0]);
	}

	function lanesOf(list) {
		const cpus = new Set();
		list.forEach((l) => {
			cpus.add(l.target);
			if (l.source !== null)
				cpus.add(l.source);
		});
		return orderCpus(cpus).map((c) => c.cpu);
	}

	// What is drawn: of the first of the IPIs, and lanes; half: of a handler's height.
	function drawnOf(inside) {
		const list = inside.slice(0, MAX_SHOWN), all = lanesOf(list), cpus = all.slice(0, MAX_LANES);
		const lane = Math.max(LANE.least, Math.min(LANE.most, Math.floor(LANE.all / Math.max(1, cpus.length))));
		const place = new Map(cpus.map((cpu, i) => [cpu, i])), has = (cpu) => cpu === null || place.has(cpu);
		return { lane, half: lane * 8 / LANE.most, cpus, nrLanes: all.length, list: list.filter((l) => has(l.target) && has(l.source)),
			total: inside.length, until: inside.length > list.length ? list[list.length - 1].begin : null,
			y: (cpu) => margin.top + lane * (place.get(cpu) + 0.5) };
	}

	function arrow(l, { y, half }) {
		const from = [x(firstOf(l.send_ns, l.queue_ns)), y(l.source)];
		const arrives = l.entry_ns !== null ? l.entry_ns : l.run_ns;
		const to = [arrives !== null ? x(arrives) : Math.min(x.range()[1], from[0] + 24), y(l.target)];
		const down = to[1] > from[1], tip_ = down ? to[1] - half : to[1] === from[1] ? to[1] : to[1] + half;
		const bend = Math.max(6, (to[0] - from[0]) / 2);
		return `M${from[0].toFixed(1)},${from[1]}C${(from[0] + bend).toFixed(1)},${from[1]} ` +
			`${(to[0] - bend).toFixed(1)},${tip_} ${to[0].toFixed(1)},${tip_}`;
	}

	function bars(g, list, y, cls, from, to, height) {
		g.selectAll(`rect.${cls}`).data(list.filter((l) => l[from] !== null && l[to] !== null && l[to] >= l[from]))
			.join("rect").attr("class", (l) => `${cls}${l === chosen ? " chosen" : ""}${l.kind === "irq" ? " unsolicited" : ""}`)
			.attr("x", (l) => x(l[from])).attr("width", (l) => Math.max(1.5, x(l[to]) - x(l[from])))
			.attr("y", (l) => y(l.target) - height / 2).attr("height", height)
			.attr("fill", lineColour).attr("stroke", lineColour);
	}

	// From where it began on, to where nobody knows. A call that came with another's interrupt has its end there.
	function openBars(g, list, y, cls, from, to, height) {
		g.selectAll(`path.${cls}.open`).data(list.filter((l) => isOpen(l, from, to))).join("path")
			.attr("class", (l) => `${cls} open${l === chosen ? " chosen" : ""}${l.kind === "irq" ? " unsolicited" : ""}`)
			.attr("d", (l) => `M${x(l[from]) + OPEN},${y(l.target) - height / 2}h${-OPEN}v${height}h${OPEN}`)
			.attr("fill", lineColour).attr("stroke", lineColour);
	}

	// What of how many is drawn, and whether any is left out of it; whole: single ones are all there in this time.
	function tell({ list: kept, total, cpus, nrLanes }, whole) {
		const filtered = isRowFiltered() || isFiltered(), length = span[1] - span[0];
		if (!everything.length)
			return "None of the single IPIs that this page has passes the filter";
		const of = (kind) => kept.filter((l) => kind.includes(l.kind)).length;
		const hits = of(["hit"]), irqs = of(["irq"]), others = kept.length - hits - irqs;
		const all = filtered ? allLines && everything.filter((l) => l.kind === "hit").length : report.totals.target_hits;
		const what = [all ? `${formatCount(hits)} of ${countOf(all, "hit")}` : hits ? countOf(hits, "hit") : null,
			others ? `${countOf(others, "call or wake-up", "calls or wake-ups")} without an IPI` : null,
			irqs ? `${countOf(irqs, "interrupt")} of unknown senders` : null].filter(Boolean).join(", ") || "Nothing";
		const place = `${what}${filtered ? ", of what passes the filter," : ""} in ${formatNs(length)} ` +
			`from ${formatAt(Math.max(0, span[0]), length)}`;
		if (kept.length < total)
			return `${place}${nrLanes > cpus.length ? `, the first ${formatCount(cpus.length)} of ${formatCount(nrLanes)} CPUs` : ""}; ` +
				`${formatCount(total)} are there: zoom in${nrLanes > cpus.length ? ", or choose a target" : ""}`;
		return whole ? `${place}, none left out of this piece` : `${place}: a sample, see “What this page has”`;
	}

	// From there on there are more than are drawn.
	function undrawn(from, to, height) {
		svg.append("rect").attr("class", "undrawn").attr("x", from).attr("width", Math.max(0, to - from)).attr("y", margin.top)
			.attr("height", height - margin.top - margin.bottom);
		if (to - from > 130)
			svg.append("text").attr("class", "undrawn").attr("x", (from + to) / 2).attr("y", margin.top - 5).text("not drawn: zoom in");
	}

	function draw() {
		unasked = unasked || !span;
		span = unasked ? span || best() : span.map(Math.round); // as the address has it
		const width = Math.max(300, box.clientWidth);
		drawn = drawnOf(visible());
		const { lane, half, cpus, list: kept, y } = drawn;
		const height = margin.top + margin.bottom + lane * Math.max(1, cpus.length);
		const length = span[1] - span[0], ticks = lengthTicks(length, Math.max(2, width / 130));

		x = d3.scaleLinear().domain(span).range([margin.left, width - margin.right]);
		svg.attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height);
		svg.selectAll("*").remove();
		svg.append("clipPath").attr("id", "lane-clip").append("rect").attr("x", margin.left - 2).attr("y", 0)
			.attr("width", width - margin.left - margin.right + 4).attr("height", height);
		const labelled = cpus.filter((cpu, i) => i % Math.ceil(14 / lane) === 0);
		svg.append("g").selectAll("text").data(labelled).join("text").attr("class", "cpu").attr("x", margin.left - 8).attr("y", y)
			.attr("dy", "0.35em").text((cpu) => `CPU ${cpu}`);
		svg.append("g").selectAll("line").data(cpus).join("line").attr("class", "lane").attr("x1", margin.left)
			.attr("x2", width - margin.right).attr("y1", y).attr("y2", y);
		svg.append("g").attr("class", "axis").attr("transform", `translate(0,${height - margin.bottom})`)
			.call(d3.axisBottom(x).tickValues(ticks.map(([ns]) => span[0] + ns))
				.tickFormat((ns, i) => (i ? `+${ticks[i][1]}` : "0")));
		const g = svg.append("g").attr("clip-path", "url(#lane-clip)");
		bars(g, kept, y, "handler", "entry_ns", "exit_ns", 2 * half);
		openBars(g, kept, y, "handler", "entry_ns", "exit_ns", 2 * half);
		bars(g, kept, y, "function", "run_ns", "done_ns", half);
		openBars(g, kept, y, "function", "run_ns", "done_ns", half);
		const flown = kept.filter((l) => l.source !== null && firstOf(l.send_ns, l.queue_ns) !== undefined);
		g.selectAll("path.flight").data(flown).join("path").attr("d", (l) => arrow(l, drawn))
			.attr("class", (l) => `flight ${l.kind} ${l.outcome || ""} ${l.how || ""}${l === chosen ? " chosen" : ""}`)
			.attr("stroke", lineColour);
		g.selectAll("path.point").data(flown.filter((l) => l.entry_ns !== null || l.run_ns !== null)).join("path").attr("class", "point")
			.attr("fill", lineColour).attr("d", (l) => {
				const px = x(l.entry_ns !== null ? l.entry_ns : l.run_ns), py = y(l.target), s = y(l.source) < py ? -1 : 1;
				return `M${px},${py + s * half}l${-0.4 * half},${s * 0.7 * half}h${0.8 * half}z`;
			});
		g.selectAll("circle").data(flown).join("circle").attr("class", "send").attr("r", Math.max(1.5, half / 3))
			.attr("cx", (l) => x(firstOf(l.send_ns, l.queue_ns))).attr("cy", (l) => y(l.source)).attr("fill", lineColour);
		if (drawn.until !== null)
			undrawn(x(drawn.until), width - margin.right, height);
		const whole = allLines || pieceEnd(span[0]) !== Infinity && span[1] <= pieceEnd(Math.max(0, span[0]));
		said.textContent = tell(drawn, whole);
		keepAddress();
		panel.replaceChildren(...(chosen ? life(chosen) : [el("p", { class: "note" }, "Point at an IPI, or press n: its whole life is told here.")]));
	}

	function move(from, to) {
		const length = Math.max(LEAST_NS, Math.min(to - from, Math.max(1000, end_ns)));
		const slack = Math.max(0, Math.min(length, end_ns - length)) / 2;
		from = Math.max(-slack, Math.min(from, end_ns - length + slack));
		span = [from, from + length];
		unasked = false;
		draw();
	}

	function zoom(factor, at) {
		const centre = at === undefined ? (span[0] + span[1]) / 2 : at;
		move(centre - (centre - span[0]) * factor, centre + (span[1] - centre) * factor);
	}

	function nearest(e) {
		const r = svg.node().getBoundingClientRect();
		const px = e.clientX - r.left, py = e.clientY - r.top;
		const { list, y, half } = drawn;
		let near = null, least = Math.max(5, 1.75 * half);
		for (const l of list) {
			const from = x(l.begin), to = x(lineEnd(l)) + (isOpen(l, "entry_ns", "exit_ns") ? OPEN : 0);
			const inHandler = l.entry_ns !== null && px >= x(l.entry_ns) - 2 &&
				px <= Math.max(isOpen(l, "entry_ns", "exit_ns") ? x(l.entry_ns) + OPEN : x(l.exit_ns || l.entry_ns), x(l.entry_ns) + 2) + 2;
			const dy = inHandler ? Math.abs(py - y(l.target)) : 99;
			const arrives = x(firstOf(l.entry_ns, l.run_ns, l.begin));
			const share = arrives > from ? Math.max(0, Math.min(1, (px - from) / (arrives - from))) : 0;
			const onFlight = l.source !== null && px >= from - 4 && px <= Math.max(arrives, from) + 4 ?
				Math.abs(py - (y(l.source) + (y(l.target) - y(l.source)) * (3 * share * share - 2 * share ** 3))) : 99;
			const d = Math.min(dy, onFlight);
			if (d < least && px >= from - 6 && px <= to + 6) {
				least = d;
				near = l;
			}
		}
		return near;
	}

	let dragged = null, wasMoved = false;
	box.addEventListener("mousemove", (e) => {
		if (dragged) {
			dragged.moved = dragged.moved || Math.abs(e.clientX - dragged.x) > 3;
			const by = (dragged.x - e.clientX) / (x.range()[1] - x.range()[0]) * (dragged.span[1] - dragged.span[0]);
			hideTip();
			return move(dragged.span[0] + by, dragged.span[1] + by);
		}
		const l = nearest(e);
		if (!l)
			return hideTip();
		return showTip(e.clientX, e.clientY, life(l));
	});
	box.addEventListener("mouseleave", hideTip);
	box.addEventListener("mousedown", (e) => (dragged = { x: e.clientX, span: [...span], moved: false }));
	addEventListener("mouseup", () => {
		wasMoved = dragged !== null && dragged.moved;
		dragged = null;
	});
	box.addEventListener("click", (e) => {
		const l = wasMoved ? null : nearest(e);
		if (l) {
			chosen = l;
			draw();
		}
	});
	box.addEventListener("wheel", (e) => {
		if (!e.ctrlKey && !e.shiftKey)
			return;
		e.preventDefault();
		zoom(e.deltaY > 0 ? 1.25 : 0.8, x.invert(e.clientX - svg.node().getBoundingClientRect().left));
	}, { passive: false });
	box.addEventListener("keydown", (e) => {
		const length = span[1] - span[0];
		const step = { n: 1, p: -1 }[e.key];
		if (e.key === "ArrowLeft" || e.key === "ArrowRight") {
			const by = e.key === "ArrowLeft" ? -length / 4 : length / 4;
			move(span[0] + by, span[1] + by);
		} else if (e.key === "+" || e.key === "=") {
			zoom(0.5);
		} else if (e.key === "-") {
			zoom(2);
		} else if (step) {
			const list = visible();
			const i = list.indexOf(chosen);
			chosen = list[i < 0 ? 0 : Math.max(0, Math.min(list.length - 1, i + step))] || null;
			draw();
		} else if (e.key === "Escape") {
			chosen = null;
			draw();
		} else {
			return;
		}
		e.preventDefault();
	});

	function jump(direction) {
		const length = span[1] - span[0];
		if (direction < 0) {
			const before = everything.filter((l) => l.begin < span[0]);
			if (before.length)
				span = fewFrom(Math.max(0, before.length - FEW));
		} else {
			const next = everything.findIndex((l) => l.begin > span[0] + length);
			if (next >= 0)
				span = fewFrom(next);
		}
		unasked = false;
		draw();
	}

	if (!existing.length || !hasTime)
		return section("lanes", "The IPIs themselves", hasTime && allLines && (hasHits || trace.filtered) ? nothing("No IPI was sent") :
			"This recording does not tell of single ones.");
	let windowOf = state.window, filtersOf = null;
	inAddress("ipis", () => (unasked ? null : span.map((ns) => Math.max(0, ns)).join("-")), (text) => {
		const asked = text === null ? null : addressNumbers(text, 2), known = asked !== null && asked[0] < asked[1] && asked[0] <= end_ns;
		span = known ? [asked[0], Math.max(asked[0] + LEAST_NS, Math.min(asked[1], asked[0] + end_ns))] : null;
		unasked = !known;
		windowOf = state.window;
		return text === null || known;
	});
	inAddress("ipi", () => (chosen && chosen.begin >= 0 ? `${chosen.begin}-${chosen.target}` : null), (text) => {
		const asked = text === null ? null : addressNumbers(text, 2);
		chosen = asked && existing.find((l) => l.begin === asked[0] && l.target === asked[1]) || null;
		return text === null || chosen !== null;
	});
	onChange(() => {
		if (windowOf !== state.window) {
			windowOf = state.window;
			span = null;
		}
		const passes = passing(), filters = [...passes, state.task, state.target].join();
		if (filters !== filtersOf) {
			filtersOf = filters;
			everything = existing.filter((l) => linePasses(l, passes));
			if (!everything.includes(chosen))
				chosen = null;
			// What nobody chose is chosen anew, as it would be by who opens the page at this address.
			if (unasked || span && !visible().length)
				span = null;
		}
		draw();
	});
	showLine = (line) => {
		const same = existing.find((l) => l.send_id === line.send_id && l.target === line.target && l.begin === line.begin);
		const length = Math.max(2000, lineEnd(line) - line.begin);
		chosen = same || line;
		move(line.begin - length * 0.6, lineEnd(line) + length * 0.6);
		document.getElementById("lanes").scrollIntoView({ block: "start" });
		box.focus({ preventScroll: true });
	};
	const button = (text, label, act) => el("button", { type: "button", "aria-label": label, onclick: act }, text);
	return section("lanes", "The IPIs themselves",
		[`${arrowsEnd()} `, hint("Drag to move, Ctrl and wheel to zoom.")],
		el("div", { class: "tools" }, el("div", { class: "choice" }, button("◀", "earlier", () => jump(-1)), button("▶", "later", () => jump(1)),
			button("−", "zoom out", () => zoom(2)), button("+", "zoom in", () => zoom(0.5))), said),
		el("div", { class: "lanesplit" }, el("div", { class: "scroll" }, box), panel),
		el("ul", { class: "legend marks" }, arrivalsKnown ? el("li", {}, "solid: delivered") : null,
			hasHits ? el("li", {}, `dashed: ${arrivalsKnown ? "coalesced, or " : ""}a call without an IPI of its own`) : null,
			hasHits ? el("li", {}, arrivalsKnown ? "dotted: ambiguous, still under way or lost" : "dotted: arrival not recorded") : null,
			existing.some((l) => isOpen(l, "entry_ns", "exit_ns") || isOpen(l, "run_ns", "done_ns")) ?
				el("li", {}, "open to the right: its end was not recorded") : null,
			el("li", {}, "outline: nobody is known to have sent it")));
}
