// What the context has on macOS: the Flowtap app in place of a daemon. Loaded there only, as the reader of property lists is large.
import { appPlace } from '../proxy/appBundle.ts';
import { appWay, throughBridge } from '../proxy/appWay.ts';
import { tokenFile } from '../proxy/tokenFile.ts';
import { ensureApp, tokenOf } from './app.ts';
import type { Context } from './context.ts';

export function macContext(context: () => Context): Pick<Context, 'proxy' | 'ensure'> & Required<Pick<Context, 'app'>> {
  const app = { place: appPlace(), tokenFile: tokenFile() };
  return {
    app,
    proxy: appWay(app.place, () => tokenOf(app, process.env), throughBridge(), 'needs-grant-cli'),
    ensure: (signal) => ensureApp(context(), app, signal),
  };
}
