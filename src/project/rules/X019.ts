import { fixIn } from './fixes.ts';
import type { ProjectReport, ProjectRule } from './rule.ts';

export const X019: ProjectRule = {
  id: 'X019',
  severity: 'error',
  title: 'Developer ID without the hardened runtime',
  doc: {
    what: 'A configuration that is signed with a Developer ID does not turn ENABLE_HARDENED_RUNTIME on.',
    why: 'Notarisation refuses code without the hardened runtime, and a system extension that is not notarised is not activated.',
    evidence: "Apple's requirements for notarisation.",
    fix: 'Set ENABLE_HARDENED_RUNTIME to YES.',
    bad: 'CODE_SIGN_IDENTITY = "Developer ID Application"; ENABLE_HARDENED_RUNTIME = NO',
    good: 'ENABLE_HARDENED_RUNTIME = YES',
  },
  *check(c): Generator<ProjectReport> {
    const targets = new Set([...c.sysexes, ...c.pairs.map((p) => p.app)]);
    for (const target of targets)
      for (const configuration of target.configurations) {
        const { settings } = configuration;
        if (c.signing(configuration) !== 'developer-id' || configuration.kind === 'debug') continue;
        const runtime = settings.get('ENABLE_HARDENED_RUNTIME');
        if (
          settings.flag('ENABLE_HARDENED_RUNTIME') === true ||
          (!runtime && !settings.known) ||
          (runtime && !runtime.complete)
        )
          continue;
        if (
          /runtime/.test(settings.get('OTHER_CODE_SIGN_FLAGS')?.text ?? '') ||
          c.mentionedInScripts(/--options[ =]+["']?runtime|-o runtime/)
        )
          continue;
        const place = runtime?.from ?? settings.get('CODE_SIGN_IDENTITY')?.from ?? target.place;
        yield {
          file: place.file,
          range: place.range,
          message: `${configuration.name} of ${target.name} is signed with a Developer ID without the hardened runtime: it cannot be notarised.`,
          fixes: runtime?.from
            ? [fixIn('Set ENABLE_HARDENED_RUNTIME to YES', runtime.from.file, [{ ...runtime.from.range, text: 'YES' }])]
            : [],
        };
      }
  },
};
