import type { ContentSnapshot } from 'fhircast-client/content';
import { find } from '../../web-app/shared/dom.ts';
import { showFailures } from '../../web-app/shared/failures.ts';
import { LengthChanges, type Outcome } from '../shared/changes.ts';
import { join, titleOf } from '../shared/join.ts';
import { type Ends, type Length, lengthOf, millimetres } from '../shared/length.ts';
import { LengthList } from '../shared/length-list.ts';
import { whyNoChange } from '../shared/report-status.ts';
import type { Standing } from '../shared/standing.ts';
import { say, sayFailure } from '../shared/words.ts';
import { followHand } from './hand.ts';
import { type DrawnLength, MeasuredImage } from './image.ts';

showFailures();

const canvas = find('#image', HTMLCanvasElement);
const image = new MeasuredImage(canvas);
const { content, follow } = await join('Viewer');
const changes = new LengthChanges(content);
const list = new LengthList(changes);
let why: string | undefined;
/** The new length under the hand. */
let drawing: Ends | undefined;

const lengths = (): readonly Length[] => content.current?.resources('Observation').map(lengthOf) ?? [];
const told = (outcome: Outcome): void => say(outcome.kind === 'told' ? outcome.text : '');

function drawImage(current: ContentSnapshot | null): void {
  const drawn = lengths().flatMap((length): DrawnLength[] => {
    const dragged = changes.dragged(length.id);
    const ends = dragged ?? length.ends;
    if (!ends) return [];
    const value = dragged ? `${millimetres(dragged)} mm` : length.value;
    const text = [value, length.label].filter(Boolean).join(' · ');
    return [{ id: length.id, ends, text, isSelected: current?.isSelected(length.resource) ?? false }];
  });
  const text = drawing ? `${millimetres(drawing)} mm` : '';
  const all = drawing ? [...drawn, { id: '', ends: drawing, text, isSelected: true }] : drawn;
  image.draw(current?.context?.patient?.id, all);
  const title = current ? `${titleOf(current)}: a drawn phantom, no real image` : 'No image';
  canvas.ariaLabel = [title, ...drawn.map((length) => length.text)].join('. ');
}

function show(current: ContentSnapshot | null, standing: Standing): void {
  why = whyNoChange(current, standing);
  list.show(current, why);
  if (why === undefined) delete canvas.dataset['why'];
  else canvas.dataset['why'] = why;
  canvas.title = why ?? '';
  find('#why').textContent = why ?? '';
  drawImage(current);
}

followHand(canvas, image, {
  mayAct() {
    if (why !== undefined) say(why);
    return why === undefined;
  },
  endsOf: (id) => changes.dragged(id) ?? lengths().find((length) => length.id === id)?.ends,
  drawing(ends) {
    drawing = ends;
    drawImage(content.current);
  },
  drawn: (ends) => void changes.add(ends).then(told, sayFailure),
  dragged(id, ends) {
    const moved = changes.move(id, ends);
    moved.then(told, sayFailure).finally(() => drawImage(content.current));
    drawImage(content.current);
  },
  clicked(id, isMore) {
    const { selected = [] } = content.current ?? {};
    if (id === undefined && selected.length === 0) return;
    const others = isMore ? lengths().filter((one) => content.current?.isSelected(one.resource)) : [];
    const ids = others.map((one) => one.id).filter((one) => one !== id);
    const isOff = others.some((one) => one.id === id);
    changes
      .select((id === undefined || isOff ? ids : [...ids, id]).map((one) => `Observation/${one}`))
      .then(told, sayFailure);
  },
});
follow(show);
