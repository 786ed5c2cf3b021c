import { createRequire } from 'node:module';

/**
 * Gives React 18 to React DOM 18 in this worker. Both are installed under other names beside the newest ones, and React DOM asks for
 * `react`.
 */
const require = createRequire(import.meta.url);
const { Module } = require('node:module') as {
  Module: { _resolveFilename(request: string, ...rest: unknown[]): string };
};
const resolveFilename = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) =>
  resolveFilename.call(Module, request.replace(/^(react|react-dom)(?=\/|$)/, '$1-18'), ...rest);
process.env.FHIRCAST_REACT = '18';
