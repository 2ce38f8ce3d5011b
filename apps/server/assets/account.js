"use strict";
// The token is taken out of the address at once, so that it stays in no history.
const token = new URLSearchParams(location.hash.slice(1)).get("token") || "";
history.replaceState(null, "", location.pathname);
const form = document.querySelector("form");
const status = document.querySelector("[role=status]");
const button = form.querySelector("button");

function say(kind, text) {
  status.dataset.kind = kind;
  status.textContent = text;
}

if (!token) {
  button.disabled = true;
  say("error", "This link is not complete. Open it again from the letter.");
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  say("busy", "One moment …");
  const body = { token };
  for (const input of form.querySelectorAll("input")) {
    if (input.value) body[input.name] = input.value;
  }
  try {
    const answer = await fetch(form.dataset.endpoint, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (answer.ok) {
      form.hidden = true;
      say("done", form.dataset.done);
      return;
    }
    const problem = await answer.json();
    const reasons = (problem.errors || []).map((error) => error.message);
    say("error", [problem.title + ".", ...reasons, reasons.length ? "" : problem.detail].filter(Boolean).join(" "));
  } catch {
    say("error", "The server cannot be reached. Try again in a moment.");
  }
  button.disabled = false;
});
