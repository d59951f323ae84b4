// The examples of a rule's page as whole files, and the surroundings they are meant in.
import { parseXmlPlist } from '../../plist/xml.ts';
import { contextOf } from '../check.ts';
import type { TargetRole } from '../project.ts';
import type { EntitlementsContext, Given, RuleConfig } from './rule.ts';
import { defaultRuleConfig } from './rule.ts';

const head = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
`;

export function exampleFile(body: string): string {
  if (!/^<(key|!--)/.test(body)) return body;
  const lines = body.split('\n').map((line) => (line === '' ? '' : `\t${line}`));
  return `${head}${lines.join('\n')}\n</dict>\n</plist>\n`;
}

const unknownRole: TargetRole = {
  target: 'Example',
  productType: undefined,
  platform: undefined,
  configuration: 'Debug',
  configurationKind: undefined,
  signing: undefined,
};

export function exampleContext(
  text: string,
  given?: Omit<Given, 'text'>,
  config: RuleConfig = defaultRuleConfig,
): EntitlementsContext {
  const base = contextOf(given?.file ?? 'Example.entitlements', parseXmlPlist(text), { config });
  return {
    ...base,
    processedBy: given?.processedBy,
    roles: (given?.roles ?? []).map((role) => ({ ...unknownRole, ...role })),
  };
}
