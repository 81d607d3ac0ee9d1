import { serveJobs } from "../../threads.ts";
import { doPictureJob } from "./picture-jobs.ts";

serveJobs(doPictureJob);
