import { conformance } from "../conformance.ts";
import { agentPlace } from "./agent-place.ts";

conformance("swarmnfs://", agentPlace);
