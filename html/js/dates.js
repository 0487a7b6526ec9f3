const DAY_MS = 86_400_000;
const KOREA_MS = 9 * 3_600_000; // UTC+9 without daylight saving: there the day of a quota begins

const language = () => document.documentElement.lang;

/** In which group of the list a time belongs, by the reader's calendar: `today`, `week` (7 days) or `older`. */
export function ageOf(time, now = Date.now()) {
  const today = startOfDay(now);
  const week = new Date(today);
  week.setDate(week.getDate() - 7);
  const then = Date.parse(time);
  if (then >= today) return "today";
  return then >= week ? "week" : "older";
}

/** A time as the reader's clock has it, and how long ago that was. */
export function sayMoment(time, now = Date.now()) {
  const then = Date.parse(time);
  const exact = new Intl.DateTimeFormat(language(), { dateStyle: "long", timeStyle: "short" });
  return `${exact.format(then)} (${sayAge(then, now)})`;
}

/** When a quota that was used up at `then` (milliseconds) is there again, in milliseconds. */
export function nextQuota(then) {
  return (Math.floor((then + KOREA_MS) / DAY_MS) + 1) * DAY_MS - KOREA_MS;
}

/** Day and minute by the reader's clock; `then` in milliseconds. */
export function sayClock(then) {
  const clock = { month: "long", day: "numeric", hour: "numeric", minute: "2-digit" };
  return new Intl.DateTimeFormat(language(), clock).format(then);
}

export function sayNumber(number) {
  return new Intl.NumberFormat(language()).format(number);
}

/** Less than a day in hours or minutes; from then on by the days of the reader's calendar, as "yesterday" has it. */
function sayAge(then, now) {
  const words = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  const minutes = Math.max(0, Math.round((now - then) / 60_000));
  if (minutes < 60) return words.format(-minutes, "minute");
  if (minutes < 24 * 60) return words.format(-Math.round(minutes / 60), "hour");
  return words.format(Math.round((startOfDay(then) - startOfDay(now)) / DAY_MS), "day");
}

function startOfDay(time) {
  return new Date(time).setHours(0, 0, 0, 0);
}
