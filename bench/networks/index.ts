/** Every network that benchmarks know, and the sets that `npm run bench` is given by name. */
import { fashionCnn, fashionTestSet } from '../../examples/models.ts';
import { families } from './growing.ts';
import type { Network } from './types.ts';
import { generated, packaged, trained } from './zoo.ts';

const fashion: Network = {
  name: 'fashion-cnn',
  about: '2 convolutions, 2 pools, 2 dense',
  weights: 'trained',
  missing: () => undefined,
  async load() {
    const { images, labels } = fashionTestSet();
    return { ...fashionCnn(), imports: {}, labelled: { inputs: images, labels } };
  },
};

const small: readonly Network[] = [
  fashion,
  trained('fashion-mlp', '2 dense layers'),
  trained('wdbc-mlp', '3 dense layers, tumours'),
  trained('credit-mlp', '3 dense layers, loans'),
  generated('lenet5', '2 convolutions, 3 dense'),
];

const cnn: readonly Network[] = [
  fashion,
  trained('fashion-resnet', 'small residual network'),
  generated('lenet5', '2 convolutions, 3 dense'),
  generated('cnn-264k', '2 convolutions, 4 dense'),
  generated('mlp-4m', '6 dense layers'),
  generated('vgg16-cifar', '13 convolutions, 3 dense'),
  generated('resnet18', '20 convolutions'),
  generated('mobilenet_v2', '52 convolutions'),
  generated('resnet50', '53 convolutions'),
  generated('unet3d-kits19-64', '3-D segmentation of 64 x 64 x 64'),
];

const edge: readonly Network[] = [
  packaged('blazeface-front', 'face detector'),
  packaged('blazeface-back', 'face detector'),
  packaged('fr_detect', 'face detector'),
  packaged('fr_feature', 'face embedding'),
  packaged('fr_landmark', 'face landmarks'),
  packaged('fr_liveness', 'is the face alive'),
  packaged('fr_eye', 'is the eye open'),
  packaged('fr_age', 'age'),
  packaged('fr_gender', 'gender'),
  packaged('fr_pose', 'pose of the head'),
  packaged('fr_expression', 'expression, DenseNet-121'),
  packaged('mlsd-320-tiny', 'line segments'),
  packaged('ppocr-direction', 'which way up text is'),
  packaged('ppocr-text-320x320', 'where text is'),
];

const growth = families.flatMap(({ members }) => members.map(({ network }) => network));

export { families } from './growing.ts';

/** Each network once, those of a set in its order. */
export const sets: Readonly<Record<string, readonly Network[]>> = {
  small,
  cnn,
  edge,
  growth,
  all: unique([...small, ...cnn, ...edge, ...growth]),
};

/** Sets and networks by name. @throws Error that lists the names there are */
export function networksNamed(names: readonly string[]): Network[] {
  const byName = new Map(sets.all!.map((network) => [network.name, [network]]));
  return unique(
    names.flatMap((name) => {
      const found = Object.hasOwn(sets, name) ? sets[name] : byName.get(name);
      if (found !== undefined) return found;
      throw new Error(
        `There is no "${name}": sets are ${Object.keys(sets).join(', ')}; networks ${[...byName.keys()].join(', ')}.`,
      );
    }),
  );
}

function unique(networks: readonly Network[]): Network[] {
  return [...new Map(networks.map((network) => [network.name, network])).values()];
}
