/**
 * Stands for a package that a script leaves out: every browser has its own `fetch`, and fhirclient is loaded by a script tag of its
 * own, as the global `FHIR`.
 */
export default undefined;
