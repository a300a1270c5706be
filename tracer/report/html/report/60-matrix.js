// SPDX-License-Identifier: GPL-2.0-only
// Who hits whom: senders down, targets across, CPUs that share memory beside each other.

// The CPUs of a cube from whose number to whose, in their order.
function matrixOf(cube, from, to) {
	const known = new Set();
	for (let i = 0; i < cube.nr; i++) {
		known.add(from[i] * cube.cpusEach);
		known.add(to[i] * cube.cpusEach);
	}
	const cpus = orderCpus(known).map((c) => Object.assign(c, { number: c.cpu / cube.cpusEach }));
	return { cube, from, to, cpus, group: cube.cpusEach, nr: cpus.length, place: new Map(cpus.map((c, i) => [c.number, i])) };
}

function matrixSection() {
	const whole = matrixOf(cubes.matrix, cubes.matrix.a, cubes.matrix.b), byFlow = matrixOf(cubes.flows, cubes.flows.b, cubes.flows.c);
	const canvas = el("canvas", { class: "matrix", tabindex: "0", role: "img", "aria-label":
		"Matrix of sending and receiving CPUs; arrow keys go through it, Enter shows only what hits this target" });
	const said = el("p", { class: "count", role: "status", id: "cell" });
	const scale = el("div", { class: "scale", "aria-hidden": "true" });
	const note = el("p", { class: "note", id: "matrix-note", role: "status" });
	const borders = el("p", { class: "note", id: "matrix-borders" });
	let shown = whole, { cube, cpus, group, nr } = whole;
	let cells = [], at = null, geometry = null;

	const label = (i) => (group === 1 ? String(cpus[i].cpu) : `${cpus[i].cpu}–${cpus[i].cpu + group - 1}`);

	// Rows and processes are told apart in another cube than all together, which may be coarser.
	function choose() {
		const next = isRowFiltered() || state.task !== null ? byFlow : whole;
		if (next.nr !== shown.nr)
			at = null;
		shown = next;
		({ cube, cpus, group, nr } = shown);
	}

	// Bins of a cube may be wider than those of the window: those that it touches.
	function collect() {
		const [from, to] = windowNs(), maps = [];
		const first = Math.floor(from / cube.bin_ns), last = Math.max(first + 1, Math.ceil(to / cube.bin_ns));
		let hits = 0, others = 0, own = 0;
		const count = (i, row) => {
			hits += targetPasses(shown.to[i], group) ? cube.n[i] : 0;
			own += row === ROW_OWN && targetPasses(shown.to[i], group) ? cube.n[i] : 0;
			addTo(maps, shown.place.get(shown.from[i]) * nr + shown.place.get(shown.to[i]), cube.bucket[i], cube.n[i]);
		};

		if (shown === byFlow) {
			eachFlow(from, to, (i, row) => {
				if (row === null)
					others += cube.n[i];
				else
					count(i, row);
			});
		} else {
			for (let i = 0; i < cube.nr; i++)
				if (!state.window || cube.bin[i] >= first && cube.bin[i] < last)
					count(i);
			// Which rows they are of is in another cube.
			eachHit((row, bin, other, n) => {
				if (row === ROW_OWN && (!state.window || bin * bin_ns >= first * cube.bin_ns && bin * bin_ns < last * cube.bin_ns))
					own += n;
			});
		}
		cells = [];
		tell(hits, own, others, [first * cube.bin_ns, Math.min(end_ns, last * cube.bin_ns)]);
		maps.forEach((map, key) => {
			const counts = cube.bits === null ? [] : toBuckets(map, cube.bits);
			const total = d3.sum(counts, (c) => c[2]);
			cells[key] = { count: d3.sum(map.values()), p50: total ? percentile(counts, total, 0.5) : null,
				p99: total ? percentile(counts, total, 0.99) : null };
		});
	}

	// What it is of, rows have none of ipitrace's own, and what it can't tell.
	function tell(hits, own, others, [from, to]) {
		const whose = !own ? "" : hits === 1 ? ", ipitrace's own" : `, ${formatCount(own)} of them ipitrace's own`;
		const what = [`${countOf(hits, "hit")}${state.target === null ? "" : ` of ${cpuName(state.target)}`}${whose}`];

		if (state.window && !fits(cube))
			what.push(from === 0 && to === end_ns ? `of the whole ${wholeName}: so short a time is not told apart here` :
				`of ${formatAt(from, to - from)} … ${formatAt(to, to - from)}: times are told apart by ${formatNs(cube.bin_ns)} here`);
		if (group > 1)
			what.push(`${group} CPUs are one here`);
		if (others)
			what.push(`${countOf(others, "hit")} of rare rows and processes may pass the filter, and are not here`);
		if (state.cell !== "count" && cube.bits === null)
			what.push("deliveries are not told apart by row and process: there are too many different ones");
		note.textContent = `${what.join("; ")}.`;
	}

	const text = (v) => (v === null ? "–" : state.cell === "count" ? formatCount(v) : `≈${formatNs(v)}`);

	function draw() {
		choose();
		collect();
		const all = Object.values(cells).map((c) => c[state.cell]).filter((v) => v);
		const low = d3.min(all) || 1, high = d3.max(all) || 1;
		const width = Math.min(720, main.clientWidth - 48);
		const left = group === 1 ? 44 : 60, top = 30;
		const size = Math.max(2, Math.min(64, Math.floor((width - left - 4) / Math.max(1, nr))));
		const ratio = devicePixelRatio || 1;
		const shade = d3.interpolateRgb(colour("paper"), colour("heat"));
		const dark = colour("heat-text"), light = colour("text");
		// What differs little is not made to look as if it did.
		const base = Math.min(low, high / 10);
		const depth = (v) => 0.1 + 0.9 * Math.log(v / base) / Math.log(high / base);

		geometry = { left, top, size };
		canvas.width = (left + size * nr + 4) * ratio;
		canvas.height = (top + size * nr + 4) * ratio;
		canvas.style.width = `${left + size * nr + 4}px`;
		canvas.style.height = `${top + size * nr + 4}px`;
		const ctx = canvas.getContext("2d");
		ctx.scale(ratio, ratio);
		ctx.fillStyle = colour("field");
		ctx.fillRect(left, top, size * nr, size * nr);
		ctx.textBaseline = "middle";
		for (const key of Object.keys(cells)) {
			const v = cells[key][state.cell], px = left + (key % nr) * size, py = top + Math.floor(key / nr) * size;
			if (v === null)
				continue;
			// The other targets stay, paler.
			ctx.globalAlpha = targetPasses(cpus[key % nr].number, group) ? 1 : 0.3;
			ctx.fillStyle = shade(depth(v));
			ctx.fillRect(px, py, size > 4 ? size - 1 : size, size > 4 ? size - 1 : size);
			if (size >= 46) {
				ctx.fillStyle = depth(v) > 0.5 ? dark : light;
				ctx.font = "12px system-ui, sans-serif";
				ctx.textAlign = "center";
				ctx.fillText(state.cell === "count" && v > 99999 ? formatRate(v).replace("/s", "") : text(v).replace("≈", ""),
					px + size / 2, py + size / 2, size - 4);
			}
		}
		ctx.globalAlpha = 1;
		ctx.font = "11px system-ui, sans-serif";
		ctx.fillStyle = colour("muted");
		const every = Math.max(1, 2 ** Math.ceil(Math.log2((group === 1 ? 22 : 44) / size)));
		for (let i = 0; i < nr; i += every) {
			ctx.textAlign = "right";
			ctx.fillText(label(i), left - 5, top + (i + 0.5) * size);
			ctx.textAlign = size > 20 ? "center" : "left";
			ctx.fillText(label(i), left + i * size + (size > 20 ? size / 2 : 0), top - 8);
		}
		ctx.textAlign = "left";
		ctx.fillText("from ↓ to →", 2, 9);
		let nodes = false, caches = false;
		for (let i = 1; i < nr; i++) {
			const node = cpus[i].node !== cpus[i - 1].node, llc = cpus[i].llc !== cpus[i - 1].llc;
			if (!node && !llc)
				continue;
			nodes = nodes || node;
			caches = caches || !node;
			ctx.lineWidth = node ? 2 : 1;
			ctx.strokeStyle = node ? colour("text") : colour("muted");
			ctx.beginPath();
			ctx.moveTo(left + i * size - 0.5, top);
			ctx.lineTo(left + i * size - 0.5, top + nr * size);
			ctx.moveTo(left, top + i * size - 0.5);
			ctx.lineTo(left + nr * size, top + i * size - 0.5);
			ctx.stroke();
		}
		if (at) {
			ctx.lineWidth = 2;
			ctx.strokeStyle = colour("accent");
			ctx.strokeRect(left + at[1] * size - 1, top + at[0] * size - 1, size + 1, size + 1);
		}
		borders.textContent = [nodes ? "Thick lines: between memory nodes." : "",
			caches ? "Thin lines: between shared caches." : ""].join(" ").trim();
		const ramp = el("span", { class: "ramp" });
		ramp.style.background = `linear-gradient(to right, ${shade(depth(low))}, ${shade(1)})`;
		scale.replaceChildren(...!all.length ? [] : [el("span", {}, text(low)), ramp, el("span", {}, text(high))]);
		said.textContent = at ? describe(at) : "";
	}

	function describe([row, col]) {
		const c = cells[row * nr + col];
		const pair = `CPU ${label(row)} → CPU ${label(col)}`;
		if (!c)
			return `${pair}: nothing`;
		const about = (ns) => (ns === null ? "–" : `≈${formatNs(ns)}`);
		return `${pair}: ${countOf(c.count, "hit")}${anyDelivery && cube.bits !== null ? `, p50 ${about(c.p50)}, p99 ${about(c.p99)}` : ""}`;
	}

	function pointed(e) {
		const r = canvas.getBoundingClientRect();
		const col = Math.floor((e.clientX - r.left - geometry.left) / geometry.size);
		const row = Math.floor((e.clientY - r.top - geometry.top) / geometry.size);
		return row >= 0 && row < nr && col >= 0 && col < nr ? [row, col] : null;
	}

	// By process and target at once is not kept.
	function chooseTarget(cell) {
		const target = cell ? Math.floor(cpus[cell[1]].cpu / cubes.targets.cpusEach) : null;
		change({ target: state.target === target ? null : target, task: null });
	}

	canvas.addEventListener("mousemove", (e) => {
		const p = pointed(e);
		if (!p)
			return hideTip();
		return showTip(e.clientX, e.clientY, [describe(p)]);
	});
	canvas.addEventListener("mouseleave", hideTip);
	canvas.addEventListener("click", (e) => {
		const p = pointed(e);
		at = p && at && p[0] === at[0] && p[1] === at[1] ? null : p;
		chooseTarget(at);
	});
	canvas.addEventListener("keydown", (e) => {
		const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[e.key];
		if (at && (e.key === "Enter" || e.key === " ")) {
			e.preventDefault();
			chooseTarget(at);
			return;
		}
		if (e.key === "Escape")
			at = null;
		else if (step)
			at = at ? [Math.min(nr - 1, Math.max(0, at[0] + step[0])), Math.min(nr - 1, Math.max(0, at[1] + step[1]))] : [0, 0];
		else
			return;
		e.preventDefault();
		draw();
	});
	if (!whole.nr)
		return section("matrix", "Who hits whom", hasHits ? nothing("No IPI was sent") : "No sends were recorded.", facets());
	onChange(draw);
	const why = !anyDelivery ? noDelivery() : cube.bits === null ? "More pairs than this page has room for." : null;
	const options = [["count", "Count"], ["p50", "p50", why], ["p99", "p99", why]];
	return section("matrix", "Who hits whom",
		"Hits from CPU to CPU, of what the filters and the window leave" +
		`${page.topology.length ? ", in the order of memory nodes and shared caches" : ""}; ` +
			(why ? "no delivery times." : "delivery read off buckets (≈)."),
		el("div", { class: "tools" }, choice("Cells", options, () => state.cell, (cell) => change({ cell })), scale, said), note, borders,
		el("div", { class: "split" }, el("div", { class: "scroll matrixbox" }, canvas), facets()));
}
