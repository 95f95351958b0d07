// The page without this file works by plain forms and links; this only shortens the ways.
const one = (selector, within = document) => within.querySelector(selector);
const wide = window.matchMedia("(min-width: 1000px)");
const [form, box, turns, progress, problem] = ["#ask", "#question", "#turns", "#progress", "#problem"].map((s) => one(s));
const [pane, paneBody, tools, preview] = ["#pane", "#pane-body", "#pane-tools", "#preview"].map((s) => one(s));
const fragments = new Map(); // address of a fragment -> promise of its HTML
let opener = null; // what opened the pane, to return to

function fragment(address) {
  if (!fragments.has(address)) {
    fragments.set(address, fetch(address, { credentials: "same-origin" }).then((answer) => {
      if (!answer.ok) throw new Error(String(answer.status));
      return answer.text();
    }).catch((error) => { fragments.delete(address); throw error; }));
  }
  return fragments.get(address);
}

// ---------------------------------------------------------------------------------------------- asking
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    const parts = held.split("\n\n");
    held = parts.pop();
    for (const part of parts) {
      const [name, data] = part.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
      yield { name, data: JSON.parse(data) };
    }
  }
}

function say(text) { problem.textContent = text; problem.hidden = !text; }

function place(data) {
  const held = document.createElement("template");
  held.innerHTML = data.html; // rendered and escaped by the server, the same as on a page loaded anew
  one("#welcome")?.remove();
  turns.append(held.content);
  one("#conversation").value = data.conversation;
  history.replaceState(null, "", `/c/${data.conversation}`);
  one('label[for="question"]').textContent = "Next question";
  box.placeholder = "What about its complications?";
  const turn = one(`#turn-${data.number}`);
  turn.scrollIntoView({ block: "start" });
  turn.focus({ preventScroll: true });
}

async function send(target, submitter) {
  const values = new FormData(target, submitter);
  if (!values.get("conversation")) values.set("conversation", one("#conversation").value);
  const slow = setTimeout(() => { progress.hidden = false; }, 300);
  const buttons = [...target.querySelectorAll("button")];
  buttons.forEach((button) => { button.disabled = true; });
  say("");
  try {
    const response = await fetch("/ask", {
      method: "POST", body: new URLSearchParams(values), headers: { accept: "text/event-stream" }, credentials: "same-origin",
    });
    if (!response.ok) {
      const told = await response.json().catch(() => null);
      throw new Error(told ? `${told.detail} ${told.hint ?? ""}` : "The page is out of date: load it again.");
    }
    for await (const { name, data } of events(response)) {
      if (name === "turn") { place(data); if (target === form) box.value = ""; }
      if (name === "error") say(`Not answered: ${data.message}. ${data.hint} (${data.code})`);
    }
  } catch (error) {
    say(error instanceof TypeError ? "The service cannot be reached; nothing was lost. Send it again." : error.message);
  } finally {
    clearTimeout(slow);
    progress.hidden = true;
    buttons.forEach((button) => { button.disabled = false; });
  }
}

document.addEventListener("submit", (event) => {
  const target = event.target;
  if (new URL(target.action).pathname !== "/ask") return;
  event.preventDefault();
  send(target, event.submitter);
});

box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

// ---------------------------------------------------------------------------------------------- source pane
async function open(link) {
  const address = new URL(link.href);
  address.searchParams.set("pane", "1");
  const place = address.pathname + address.search;
  try {
    paneBody.innerHTML = await fragment(place);
  } catch {
    window.location.assign(link.href);
    return;
  }
  opener = link;
  tools.hidden = false;
  pane.classList.add("shown");
  one("#open").href = link.href;
  const mark = one("#cited", paneBody);
  if (mark) pane.scrollTop += mark.getBoundingClientRect().top - pane.getBoundingClientRect().top - pane.clientHeight / 3;
}

function close() {
  pane.classList.remove("shown");
  hide();
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
}

one("#close").addEventListener("click", close);
one("#copy").addEventListener("click", async (event) => {
  await navigator.clipboard.writeText(one("#open").href);
  const button = event.currentTarget;
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy link"; }, 1500);
});

// ---------------------------------------------------------------------------------------------- previews
let waiting = 0;

async function show(chip) {
  const address = new URL(chip.href);
  const html = await fragment(`/preview${address.pathname.slice("/source".length)}${address.search}`).catch(() => "");
  if (!html || (document.activeElement !== chip && !chip.matches(":hover"))) return;
  preview.innerHTML = html;
  preview.showPopover();
  const at = chip.getBoundingClientRect();
  const size = preview.getBoundingClientRect();
  const below = at.bottom + 8 + size.height < window.innerHeight;
  preview.style.setProperty("left", `${Math.max(8, Math.min(at.left, window.innerWidth - size.width - 8))}px`);
  preview.style.setProperty("top", `${below ? at.bottom + 8 : Math.max(8, at.top - size.height - 8)}px`);
}

function hide() {
  clearTimeout(waiting);
  if (preview.matches(":popover-open")) preview.hidePopover();
}

function soon(event) {
  const chip = event.target.closest?.(".chip");
  if (!chip) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => show(chip), 120);
}

turns.addEventListener("pointerover", soon);
turns.addEventListener("focusin", soon);
turns.addEventListener("pointerout", (event) => { if (event.target.closest?.(".chip")) hide(); });
turns.addEventListener("focusout", hide);
window.addEventListener("scroll", hide, { passive: true });

document.addEventListener("click", (event) => {
  const chip = event.target.closest?.(".chip");
  if (!chip || !wide.matches || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  hide();
  open(chip);
});

// ---------------------------------------------------------------------------------------------- keys
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, textarea, select");
  if (event.key === "Escape") {
    if (preview.matches(":popover-open")) hide(); else if (pane.classList.contains("shown")) close();
  } else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    box.focus();
  } else if ((event.key === "ArrowRight" || event.key === "ArrowLeft") && !typing) {
    const chips = [...turns.querySelectorAll(".chip")].filter((chip) => chip.checkVisibility());
    const at = chips.indexOf(document.activeElement);
    const next = chips[at + (event.key === "ArrowRight" ? 1 : -1)];
    if (at >= 0 && next) { event.preventDefault(); next.focus(); }
  }
});

window.addEventListener("offline", () => say("This computer is offline; the service may not be reached."));
window.addEventListener("online", () => say(""));
