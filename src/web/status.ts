// The statuses of HTTP (RFC 9110) that are sent or understood.

export const OK = 200;
export const ACCEPTED = 202;
export const NO_CONTENT = 204;
export const BAD_REQUEST = 400;
export const UNAUTHORIZED = 401;
export const FORBIDDEN = 403;
export const NOT_FOUND = 404;
export const METHOD_NOT_ALLOWED = 405;
export const CONFLICT = 409;
export const GONE = 410;
export const CONTENT_TOO_LARGE = 413;
export const URI_TOO_LONG = 414;
export const UNSUPPORTED_MEDIA_TYPE = 415;
export const UNPROCESSABLE_CONTENT = 422;
export const SERVER_ERROR = 500;
export const NOT_IMPLEMENTED = 501;
export const UNAVAILABLE = 503;
