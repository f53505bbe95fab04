import { readFileSync } from "node:fs";

/**
 * Milliseconds since the machine started, its sleep included (CLOCK_BOOTTIME): nobody can set this clock, and it does not
 * stand still while a virtual machine is paused, as Node's own monotonic clock does.
 */
export function uptimeMs(): number {
  return Number.parseFloat(readFileSync("/proc/uptime", "utf8")) * 1000;
}
