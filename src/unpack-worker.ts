/** The program of the worker threads that unpack layers; started by `host/workers.ts`. */
import { serveJobs } from './host/workers.ts';
import { readLayer, type LayerJob } from './image/unpack.ts';

serveJobs<LayerJob>(readLayer);
