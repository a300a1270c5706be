// SPDX-License-Identifier: GPL-2.0-only
// The page, from top to bottom.

viewInAddress();
// What stands higher draws itself first: the window that others follow.
const head = header(), time = timeSection(), rowsPart = rowsSection(), matrix = matrixSection(), lanes = lanesSection();

main.append(head, addressNote, totals(), time, rowsPart, matrix, lanes, trust(), el("footer", {},
	`ipitrace ${page.version}. All times are from tracepoint to tracepoint in the clock “${trace.clock}”: ` +
		"software-visible, not hardware latency."), tip);
followAddress(() => change({}));
addEventListener("resize", () => change({}));
document.documentElement.dataset.ready = "yes";
