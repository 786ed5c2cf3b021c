import { ballot } from './ballot.ts';
import { draft } from './draft.ts';
import type { SpecificationText } from './exchange.ts';
import { feb2020 } from './feb2020.ts';
import { iheIra } from './ihe-ira.ts';
import { stu1 } from './stu1.ts';
import { stu2 } from './stu2.ts';
import { stu3 } from './stu3.ts';
import { stu3Ballot } from './stu3-ballot.ts';
import { stu3Ballot2022 } from './stu3-ballot-2022.ts';
import { stu3Ballot2024 } from './stu3-ballot-2024.ts';
import { stu3Bundles } from './stu3-bundles.ts';

/** Every text of the specification whose examples were gone through. */
export const TEXTS: readonly SpecificationText[] = [
  draft,
  ballot,
  stu1,
  feb2020,
  stu2,
  stu3Ballot,
  stu3Ballot2022,
  stu3Ballot2024,
  stu3,
  stu3Bundles,
  iheIra,
];
