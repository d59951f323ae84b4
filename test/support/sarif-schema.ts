// The part of SARIF 2.1.0 that Flowtap writes, strict: what the standard requires of each object, its types and its
// lists of values, and nothing that is not in it (OASIS SARIF 2.1.0, sections 3.13 to 3.58).
const text = { type: 'string', minLength: 1 };
const strict = (required: readonly string[], properties: object): object => ({
  type: 'object',
  required,
  additionalProperties: false,
  properties,
});
const message = strict(['text'], { text });
const artifactLocation = strict(['uri'], { uri: { type: 'string', format: 'uri-reference', minLength: 1 } });
const natural = { type: 'integer', minimum: 0 };
const positive = { type: 'integer', minimum: 1 };
const physicalLocation = strict(['artifactLocation', 'region'], {
  artifactLocation,
  region: strict(['startLine', 'startColumn'], {
    startLine: positive,
    startColumn: positive,
    endLine: positive,
    endColumn: positive,
  }),
});
const level = { enum: ['none', 'note', 'warning', 'error'] };
const replacement = strict(['deletedRegion'], {
  deletedRegion: strict(['charOffset', 'charLength'], { charOffset: natural, charLength: natural }),
  insertedContent: strict(['text'], { text }),
});
const rule = strict(['id'], {
  id: text,
  shortDescription: message,
  fullDescription: message,
  help: message,
  helpUri: { type: 'string', format: 'uri' },
  defaultConfiguration: strict([], { level }),
});

export const sarifSchema = strict(['version', 'runs'], {
  $schema: { type: 'string', format: 'uri' },
  version: { const: '2.1.0' },
  runs: {
    type: 'array',
    items: strict(['tool', 'results'], {
      tool: strict(['driver'], {
        driver: strict(['name'], {
          name: text,
          version: text,
          informationUri: { type: 'string', format: 'uri' },
          rules: { type: 'array', uniqueItems: true, items: rule },
        }),
      }),
      columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
      results: {
        type: 'array',
        items: strict(['message', 'ruleId', 'level', 'locations'], {
          ruleId: text,
          ruleIndex: natural,
          level,
          message,
          locations: { type: 'array', items: strict(['physicalLocation'], { physicalLocation }) },
          relatedLocations: {
            type: 'array',
            items: strict(['id', 'message', 'physicalLocation'], { id: natural, message, physicalLocation }),
          },
          fixes: {
            type: 'array',
            minItems: 1,
            items: strict(['artifactChanges'], {
              description: message,
              artifactChanges: {
                type: 'array',
                minItems: 1,
                items: strict(['artifactLocation', 'replacements'], {
                  artifactLocation,
                  replacements: { type: 'array', minItems: 1, items: replacement },
                }),
              },
            }),
          },
        }),
      },
    }),
  },
});
