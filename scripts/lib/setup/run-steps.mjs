// Runs the set-up's steps: what is fresh costs nothing and says nothing, what takes long shows that it goes on.
import { Unavailable } from './unavailable.mjs';

const heartbeatSeconds = 10;

/** The steps with what they need, in the table's order. */
export function withNeeds(table, names) {
  const wanted = new Set();
  const add = (name) => {
    const step = table.find((s) => s.name === name);
    if (!step) throw new Error(`no set-up step ${name}; there are: ${table.map((s) => s.name).join(', ')}`);
    step.needs?.forEach(add);
    wanted.add(name);
  };
  names.forEach(add);
  return table.filter((s) => wanted.has(s.name));
}

/**
 * Makes the named steps fresh, and resolves to what is lacking: from a step's name to { failed, reason }. `failed`
 * tells a step that broke from one that this machine or user cannot do (no browser without root, say). What was
 * `lacking` before is not tried again.
 */
export async function runSteps(table, names, { log, lacking = new Map() }) {
  for (const step of withNeeds(table, names)) {
    const missing = step.needs?.find((n) => lacking.has(n));
    if (missing) lacking.set(step.name, lacking.get(missing));
    if (lacking.has(step.name) || step.fresh()) continue;
    const started = Date.now();
    const seconds = () => ((Date.now() - started) / 1000).toFixed(0);
    let detail = '';
    log(`setup: ${step.title} ...`);
    const tell = () => log(`setup:   ${seconds()} s${detail ? `, ${detail}` : ''}`);
    const timer = setInterval(tell, heartbeatSeconds * 1000);
    try {
      await step.run((text) => (detail = text));
      log(`setup: ${step.title}: done in ${seconds()} s`);
    } catch (e) {
      const failed = !(e instanceof Unavailable);
      log(`setup: ${step.title}: ${failed ? `failed after ${seconds()} s` : 'not possible here'}: ${e.message}`);
      lacking.set(step.name, { failed, reason: failed ? `"${step.title}" failed, see above` : e.message });
    } finally {
      clearInterval(timer);
    }
  }
  return lacking;
}
