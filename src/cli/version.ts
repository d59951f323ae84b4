/** Put in by esbuild.mjs. */
declare const FLOWTAP_VERSION: string | undefined;

export const version: string = typeof FLOWTAP_VERSION === 'string' ? FLOWTAP_VERSION : 'development';
