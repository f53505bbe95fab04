import { formatSize } from "../../service/size.ts";
import type { Report } from "./report.ts";
import type { Trend } from "./trend.ts";

/** `43G of 200G used (22 %), +1.2G a day, full on 2027-01-14 if it goes on so`. */
export function diskText({ used, total, trend, fullOn }: NonNullable<Report["disk"]>): string {
  const share = total === 0 ? 0 : Math.round((used / total) * 100);
  const full = fullOn === null ? "" : `, full on ${fullOn} if it goes on so`;
  return `${formatSize(used)} of ${formatSize(total)} used (${share} %), ${trendText(trend)}${full}`;
}

/** `+120M a day`, `steady`, … */
export function trendText({ direction, perDay }: Trend): string {
  if (direction === "unknown" || perDay === null) return "too little history";
  if (direction === "steady") return "steady";
  const amount = `${perDay < 0 ? "-" : "+"}${formatSize(Math.abs(perDay))} a day`;
  return direction === "irregular" ? "up and down" : amount;
}

/** What was looked at before a volume is called unused. */
export const scopes: Record<Report["unused"]["scope"], string> = {
  swarm: "no service of the swarm and no container of this node wants them",
  node: "no container of this node wants them; services are known on managers alone",
  none: "Docker was not asked who wants them",
};
