// How code can make sure who the peer of a connection is.
import type { Target } from '../model.ts';
import { peerWords } from '../source/peerWords.ts';
import type { ProjectContext } from './context.ts';

export const checksPeer = (c: ProjectContext, target: Target): boolean => c.uses(target, ...peerWords);
