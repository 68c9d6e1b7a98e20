/** How the two sides arrived at their secret, in a few words. */
import { type Established, groupName } from 'handfast';

/** The group by its name; without one, the kind of key exchange. */
export function keyExchangeText({ keyExchange, group }: Established): string {
  if (group !== undefined) return groupName(group);
  return keyExchange === 'RSA' ? 'RSA key transport' : `${keyExchange} over a field without a name`;
}
