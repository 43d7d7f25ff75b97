/** Taking the lines of readings from a file on this device: they are put into the form, and sent only with it. */

const MOST_BYTES = 200_000;

document.addEventListener("shown", offer);
offer();

function offer() {
  const [picks, file, lines] = ["picks", "file", "csv"].map((id) => document.getElementById(id));
  if (picks === null || lines === null) return;
  picks.hidden = false;
  file.addEventListener("change", async () => {
    const [chosen] = file.files;
    if (chosen !== undefined) lines.value = await chosen.slice(0, MOST_BYTES).text();
  });
}
