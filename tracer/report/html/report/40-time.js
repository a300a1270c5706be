// SPDX-License-Identifier: GPL-2.0-only
// Over time: stacked by row, and CPU by CPU; dragging across it chooses the window that all else follows.

function timeSection() {
	const margin = { top: 8, right: 22, bottom: 22, left: 60 };
	const svg = d3.create("svg").attr("class", "chart").attr("role", "img")
		.attr("aria-label", "Rate over time, stacked by row");
	const strip = el("canvas", { class: "strip", "aria-hidden": "true" });
	const legend = el("ul", { class: "legend" });
	const note = el("p", { class: "note", id: "time-note" });
	const box = el("div", { class: "timebox", tabindex: "0", role: "group", "aria-label":
		"Window of time: arrow keys move it, + and − change it, Enter zooms into it, Escape shows all" }, svg.node(), strip);
	const said = el("p", { class: "count", role: "status", id: "window" });
	const height = 180;
	const zoom = el("button", { type: "button", id: "zoom", onclick: () => zoomIn() }, "Zoom in");
	const whole = el("button", { type: "button", id: "whole", onclick: () => change(ALL_TIME) }, `Whole ${wholeName}`);
	let x, stacked, series;

	function shownBins() {
		return state.shown || [0, nrBins];
	}

	function zoomIn() {
		if (state.window)
			change({ shown: state.window });
	}

	// What is seen goes along with a window that leaves it.
	function chooseWindow(from, to) {
		let [first, last] = shownBins();

		if (from === 0 && to === nrBins)
			return change(ALL_TIME);
		if (to - from > last - first) {
			[first, last] = [from, to];
		} else if (from < first || to > last) {
			const by = from < first ? from - first : to - last;
			[first, last] = [first + by, last + by];
		}
		return change({ window: [from, to], shown: first === 0 && last === nrBins ? null : [first, last] });
	}

	// By series and bin; the first rows by hits have a series each.
	function collect() {
		const names = [...Array(Math.min(NR_COLOURS, rows.length)).keys()];
		const all = names.concat([ROW_REST, ROW_UNSOLICITED, ROW_OWN]);
		const place = new Int16Array(NR_ROWS).fill(all.indexOf(ROW_REST));
		all.forEach((row, i) => (place[row] = i));
		const values = all.map(() => new Float64Array(nrBins));
		eachHit((row, bin, other, n, ns) => {
			values[place[row]][bin] += state.metric === "hits" ? n : ns;
		});
		return all.map((row, i) => ({ row, values: values[i], sum: d3.sum(values[i]) })).filter((s) => s.sum);
	}

	// Hits a second, or the share of one CPU's time.
	function rate(v, bin) {
		return v / binLength(bin) * (state.metric === "hits" ? 1e9 : 1);
	}

	// Whole pixels: no seams between bins.
	function pixels(bin) {
		return [Math.round(x(bin * bin_ns)), Math.round(x(Math.min((bin + 1) * bin_ns, end_ns)))];
	}

	function drawChart() {
		const width = Math.max(280, box.clientWidth);
		const [first, last] = shownBins(), [from_ns, to_ns] = spanNs(state.shown);
		let below = new Float64Array(nrBins);

		series = collect();
		stacked = series.map((s) => {
			const top = Float64Array.from(below, (v, bin) => v + rate(s.values[bin], bin));
			const band = { row: s.row, low: below, high: top };
			below = top;
			return band;
		});
		x = d3.scaleLinear().domain([from_ns, to_ns]).range([margin.left, width - margin.right]);
		const y = d3.scaleLinear().domain([0, d3.max(below.slice(first, last)) || 1]).nice().range([height - margin.bottom, margin.top]);
		const area = (band) => {
			let up = "", down = "";
			for (let bin = first; bin < last; bin++) {
				const [from, to] = pixels(bin);
				up += `${bin > first ? "L" : "M"}${from},${y(band.high[bin]).toFixed(1)}H${to}`;
				down = `L${to},${y(band.low[bin]).toFixed(1)}H${from}${down}`;
			}
			return `${up}${down}Z`;
		};
		const ticks = lengthTicks(to_ns - from_ns, Math.max(2, width / 110), from_ns);
		const unit = state.metric === "hits" ? (v) => (v ? formatRate(v, y.domain()[1]) : "0") : formatPercent;

		svg.attr("viewBox", `0 0 ${width} ${height}`).attr("width", width).attr("height", height);
		svg.selectAll("g.y").data([0]).join("g").attr("class", "y axis").attr("transform", `translate(${margin.left},0)`)
			.call(d3.axisLeft(y).ticks(4).tickSize(-(width - margin.left - margin.right)).tickFormat(unit));
		svg.selectAll("path.band").data(stacked).join("path").attr("class", "band").attr("d", area)
			.attr("fill", (b) => rowColour(b.row));
		svg.selectAll("g.x").data([0]).join("g").attr("class", "x axis").attr("transform", `translate(0,${height - margin.bottom})`)
			.call(d3.axisBottom(x).tickValues(ticks.map(([ns]) => ns)).tickFormat((ns, i) => ticks[i][1]));
		legend.replaceChildren(...series.length ? [] : [el("li", {}, "Nothing.")], ...series.map((s) => {
			const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
			swatch.style.background = rowColour(s.row);
			return el("li", {}, swatch, s.row === ROW_REST || rows.length > NR_COLOURS && s.row >= NR_COLOURS && s.row < rows.length ?
				"all other rows" : rowName(s.row));
		}));
	}

	// A line a CPU, or a group of them: the more, the darker.
	function drawStrip() {
		const cube = cubes.targets, passes = passing(), [first, last] = shownBins();
		const sum = new Map();
		for (let i = 0; i < cube.nr; i++) {
			if (!passes[cube.a[i]] || !isHit(cube.a[i]))
				continue;
			const line = sum.get(cube.b[i]) || sum.set(cube.b[i], new Float64Array(nrBins)).get(cube.b[i]);
			line[cube.bin[i]] += state.metric === "hits" ? cube.n[i] : cube.ns[i];
		}
		const cpus = [...sum.keys()].sort((p, q) => p - q);
		const size = Math.max(1, Math.min(18, Math.floor(220 / Math.max(1, cpus.length))));
		const width = Math.max(280, box.clientWidth), ratio = devicePixelRatio || 1;
		const most = d3.max(cpus, (cpu) => d3.max(sum.get(cpu).subarray(first, last))) || 1;
		const shade = d3.interpolateRgb(colour("paper"), colour("heat"));

		strip.width = width * ratio;
		strip.height = size * cpus.length * ratio;
		strip.style.height = `${size * cpus.length}px`;
		strip.cpus = cpus;
		strip.sum = sum;
		const every = size >= 11 ? 1 : 2 ** Math.ceil(Math.log2(14 / size));
		const ctx = strip.getContext("2d");
		ctx.scale(ratio, ratio);
		ctx.font = "11px system-ui, sans-serif";
		ctx.textBaseline = "middle";
		ctx.textAlign = "right";
		cpus.forEach((cpu, i) => {
			const line = sum.get(cpu);
			// The others stay, paler.
			ctx.globalAlpha = state.target === null || state.target === cpu ? 1 : 0.3;
			for (let bin = first; bin < last; bin++) {
				if (!line[bin])
					continue;
				const [from, to] = pixels(bin);
				ctx.fillStyle = shade(0.12 + 0.88 * Math.sqrt(line[bin] / most));
				ctx.fillRect(from, i * size, Math.max(1, to - from), size > 3 ? size - 1 : size);
			}
			ctx.globalAlpha = 1;
			if (i % every === 0) {
				ctx.fillStyle = state.target === cpu ? colour("accent") : colour("muted");
				ctx.fillText(cpuName(cpu), margin.left - 6, Math.max(6, i * size + size / 2));
			}
		});
	}

	const brush = d3.brushX().on("end", () => {
		const event = d3.event;
		// What this moves itself is nobody's wish.
		if (moving || !event.sourceEvent)
			return;
		if (!event.selection) {
			change({ window: state.shown });
			return;
		}
		const [first, last] = shownBins(), bins = event.selection.map((px) => x.invert(px) / bin_ns);
		const from = Math.max(first, Math.floor(bins[0])), to = Math.min(last, Math.max(from + 1, Math.ceil(bins[1])));
		chooseWindow(from, to);
	});
	const layer = svg.append("g").attr("class", "brush");
	let moving = false;

	function drawBrush() {
		const [left, right] = x.range();
		layer.raise().call(brush.extent([[left, margin.top], [right, height - margin.bottom]]));
		moving = true;
		// A window that is all there is to see needs no frame.
		const [first, last] = shownBins(), [from, to] = state.window || [first, last];
		layer.call(brush.move, from === first && to === last ? null : windowNs().map((ns) => x(ns)));
		moving = false;
	}

	function pointed(e) {
		const at = x.invert(e.clientX - box.getBoundingClientRect().left);
		const bin = Math.floor(at / bin_ns);
		const [first, last] = shownBins();
		return bin >= first && bin < last && at <= end_ns ? bin : null;
	}

	function value(v, bin, row) {
		const what = hasHits && row !== ROW_UNSOLICITED ? "hit" : "interrupt";
		return state.metric === "hits" ? `${countOf(v, what)}, ${formatRate(rate(v, bin))}` :
			`${formatNs(v)}, ${formatPercent(rate(v, bin))} of a CPU`;
	}

	svg.on("mousemove", () => {
		const e = d3.event, bin = pointed(e);
		if (bin === null)
			return hideTip();
		const sum = d3.sum(series, (s) => (isHit(s.row) ? s.values[bin] : 0));
		return showTip(e.clientX, e.clientY, [el("strong", {}, `${formatAt(bin * bin_ns, end_ns / 100)}, ${formatNs(bin_ns)}`),
			facts([["all", value(sum, bin)]].concat(series.filter((s) => s.values[bin])
				.map((s) => [rowName(s.row), value(s.values[bin], bin, s.row)])))]);
	}).on("mouseleave", hideTip);
	const stripCpu = (e) => {
		const r = strip.getBoundingClientRect();
		return strip.cpus[Math.floor((e.clientY - r.top) / r.height * strip.cpus.length)];
	};
	strip.addEventListener("mousemove", (e) => {
		const bin = pointed(e), cpu = stripCpu(e);
		if (bin === null || cpu === undefined)
			return hideTip();
		return showTip(e.clientX, e.clientY, [el("strong", {}, `${cpuName(cpu)}, ${formatAt(bin * bin_ns, end_ns / 100)}`),
			facts([["here", value(strip.sum.get(cpu)[bin], bin)]])]);
	});
	strip.addEventListener("mouseleave", hideTip);
	strip.addEventListener("click", (e) => {
		const cpu = stripCpu(e);
		if (cpu !== undefined)
			change({ target: state.target === cpu ? null : cpu, task: null });
	});

	box.addEventListener("keydown", (e) => {
		let [from, to] = state.window || [0, nrBins];
		const width = to - from, step = Math.max(1, Math.round(width / 4));
		const by = { ArrowLeft: -step, ArrowRight: step }[e.key];
		if (by) {
			from = Math.max(0, Math.min(nrBins - width, from + by));
			to = from + width;
		} else if (e.key === "+" || e.key === "=") {
			from += Math.floor(width / 4);
			to = Math.max(from + 1, to - Math.floor(width / 4));
		} else if (e.key === "-") {
			from = Math.max(0, from - Math.ceil(width / 2));
			to = Math.min(nrBins, to + Math.ceil(width / 2));
		} else if (e.key === "Escape") {
			from = 0;
			to = nrBins;
		} else if (e.key === "Enter") {
			e.preventDefault();
			zoomIn();
			return;
		} else {
			return;
		}
		e.preventDefault();
		chooseWindow(from, to);
	});

	const draw = () => {
		drawChart();
		drawStrip();
		drawBrush();
		note.textContent = state.task === null ? "" : "CPU by CPU: of all processes, as what hits whom is not kept by process in such short times.";
		const [from, to] = windowNs(), seen = shownBins();
		whole.disabled = !state.window;
		zoom.disabled = !state.window || (state.window[0] === seen[0] && state.window[1] === seen[1]);
		said.textContent = state.window ? `${formatAt(from, to - from)} … ${formatAt(to, to - from)} (${formatNs(to - from)})` :
			`all of ${formatNs(end_ns)}${trace.window ? ` of this window; it begins ${windowStart()} into the recording, at 0 here` : ""}`;
	};
	if (!hasTime)
		return section("time", "Over time", "This recording's clock does not tell when things were.");
	onChange(draw);
	return section("time", "Over time",
		hint("Drag to choose a window, which everything below follows; zoom in to choose within it; click a CPU to see only what hits it."),
		el("div", { class: "tools" }, choice("Over time", [["hits", "Rate"],
			["stolen", "Stolen time", anyStolen ? null : "Not known: how long handlers ran was not recorded."]], () => state.metric,
			(metric) => change({ metric })),
		zoom, whole, said),
		box, note, legend);
}
