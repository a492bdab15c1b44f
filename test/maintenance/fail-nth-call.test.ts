import { describeStoppedCalls } from "./fail-nth-call.suite.ts";

describeStoppedCalls({ every: 60 });
