import type { ChannelType, DialectName, Habits } from '../dialect.ts';

/**
 * How a hub departs from every version of the specification. A profile is data: give it to a client as it is, beside others, or
 * changed by `{ ...profile, … }`. Of several profiles, a later one outweighs an earlier one.
 */
export interface HubProfile extends Partial<Habits> {
  /** What the client calls it when it tells what was chosen. */
  readonly name: string;
  /** Which FHIRcast the hub speaks. */
  readonly dialect?: DialectName;
  /** How events arrive; `either` is by webhook where the app has a callback endpoint. */
  readonly channel?: ChannelType | 'either';
}
