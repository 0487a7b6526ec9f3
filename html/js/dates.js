const DAY_MS = 86_400_000;
const KOREA_OFFSET_MS = 9 * 3_600_000; // UTC+9, no daylight saving time; the server counts quotas by this day
const JUST_NOW = { ko: "방금", en: "just now" }; // `Intl` says "현재 분" and "this minute"

const language = () => document.documentElement.lang;

/**
 * Return the group of the conversation list that a time belongs to, by the calendar of the browser's time zone.
 * @returns {"today" | "week" | "older"} `week`: the seven days before today
 */
export function ageGroup(time, now = Date.now()) {
  const today = startOfDay(now);
  const week = new Date(today).setDate(new Date(today).getDate() - 7);
  const then = Date.parse(time);
  if (then >= today) return "today";
  return then >= week ? "week" : "older";
}

/** Format a time, followed by its distance from now in parentheses. */
export function formatMoment(time, now = Date.now()) {
  const then = Date.parse(time);
  const exact = new Intl.DateTimeFormat(language(), { dateStyle: "long", timeStyle: "short" });
  return `${exact.format(then)} (${formatAge(then, now)})`;
}

/** Return when a quota that was used up at `then` is renewed: the next midnight in Korea. Both in milliseconds. */
export function quotaRenewal(then) {
  return (Math.floor((then + KOREA_OFFSET_MS) / DAY_MS) + 1) * DAY_MS - KOREA_OFFSET_MS;
}

/** Format the day and the minute of a time in milliseconds. */
export function formatDayAndTime(then) {
  return new Intl.DateTimeFormat(language(), {
    month: "long",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
  }).format(then);
}

/** Format the day of a time in ISO 8601. */
export function formatDay(time) {
  return new Intl.DateTimeFormat(language(), { dateStyle: "long" }).format(Date.parse(time));
}

export function formatNumber(number) {
  return new Intl.NumberFormat(language()).format(number);
}

/** Format an age in minutes or hours up to a day, then in calendar days ("yesterday"). */
function formatAge(then, now) {
  const relative = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  const minutes = Math.max(0, Math.round((now - then) / 60_000));
  if (minutes === 0) return JUST_NOW[language()];
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 24 * 60) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(Math.round((startOfDay(then) - startOfDay(now)) / DAY_MS), "day");
}

function startOfDay(time) {
  return new Date(time).setHours(0, 0, 0, 0);
}
