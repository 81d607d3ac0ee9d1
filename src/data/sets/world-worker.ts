import { serveJobs } from "../../threads.ts";
import { drawWorldSample } from "./world-samples.ts";

serveJobs(drawWorldSample);
