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
 * Makes the named steps fresh. Resolves to a map from the name of each step that this machine cannot do to the
 * reason (an ordinary user without a browser, say); throws where a step fails.
 */
export async function runSteps(table, names, log = (line) => console.log(line)) {
  const missing = new Map();
  for (const step of withNeeds(table, names)) {
    const lacking = step.needs?.find((n) => missing.has(n));
    if (lacking) {
      missing.set(step.name, missing.get(lacking));
      continue;
    }
    if (step.fresh()) continue;
    const started = Date.now();
    const seconds = () => ((Date.now() - started) / 1000).toFixed(0);
    let detail = '';
    log(`setup: ${step.title} ...`);
    const timer = setInterval(
      () => log(`setup:   ${seconds()} s${detail ? `, ${detail}` : ''}`),
      heartbeatSeconds * 1000,
    );
    try {
      await step.run((text) => (detail = text));
      log(`setup: ${step.title}: done in ${seconds()} s`);
    } catch (e) {
      if (!(e instanceof Unavailable))
        throw new Error(`setup: ${step.title} failed after ${seconds()} s\n${e.message}`);
      log(`setup: ${step.title}: not possible here: ${e.message}`);
      missing.set(step.name, e.message);
    } finally {
      clearInterval(timer);
    }
  }
  return missing;
}
