import type { SpecificationText } from './exchange.ts';
import { stu2 } from './stu2.ts';

const heard = stu2.exchanges.filter(({ direction }) => direction === 'hub→app');
const said = stu2.exchanges.filter(({ example }) => !heard.some((exchange) => exchange.example === example));

/** The draft that went into the ballot of STU3: its examples are those of STU2, to be understood by who speaks STU3. */
export const stu3Ballot: SpecificationText = {
  ...stu2,
  title: 'ballot draft of STU3',
  dialect: 'stu3',
  exchanges: heard,
  leftOut: Object.fromEntries(said.map(({ example }) => [example, 'what an app sends is printed as in STU2'])),
};
