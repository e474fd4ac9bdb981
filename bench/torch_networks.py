# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The example networks in PyTorch, written from the papers and the released models, not from our files.

Each takes a batch of images, or of clips, and a Weights object, which hands out tensors in the order in which the
layers are written in the network's .cnn file, and insists on their shapes.
"""
import pathlib
import re

import torch
import torch.nn.functional as F


class Weights:
    def __init__(self, tensors, training=False):
        """`tensors`: (name, torch tensor), in order; `training`: batches are normalized by their own statistics."""
        self.tensors = iter(tensors)
        self.training = training

    def take(self, *shape):
        name, tensor = next(self.tensors, ("nothing more", None))
        if tensor is None or tuple(tensor.shape) != shape:
            raise ValueError(f"the network expects a weight of shape {list(shape)}, but the next one is {name}"
                             + (f" {list(tensor.shape)}" if tensor is not None else ""))  # fmt: skip
        return tensor

    def finish(self):
        for name, _ in self.tensors:
            raise ValueError(f"the network has no use for {name}")


def conv(x, w, filters, kernel, bias=True, groups=1, **options):
    """In two dims or, of a clip, in three."""
    dims = x.dim() - 2
    weight = w.take(filters, x.shape[1] // groups, *[kernel] * dims)
    convolve = {2: F.conv2d, 3: F.conv3d}[dims]
    return convolve(x, weight, w.take(filters) if bias else None, groups=groups, **options)


def dense(x, w, outputs):
    weight = w.take(outputs, x.shape[1])
    return F.linear(x, weight, w.take(outputs))


def conv_bn(x, w, filters, kernel, stride=1, groups=1):
    x = conv(x, w, filters, kernel, stride=stride, padding=kernel // 2, bias=False, groups=groups)
    scale, shift, mean, variance = (w.take(filters) for _ in range(4))
    return F.batch_norm(x, mean, variance, scale, shift, w.training, momentum=0.1, eps=1e-5)


def lenet5(x, w):
    x = F.avg_pool2d(torch.tanh(conv((x - 72.9) / 90.0, w, 6, 5, padding=2)), 2)
    x = F.avg_pool2d(torch.tanh(conv(x, w, 16, 5)), 2)
    x = torch.tanh(conv(x, w, 120, 5))
    return dense(torch.tanh(dense(x.flatten(1), w, 84)), w, 10)


def vgg(convolutions):
    def network(x, w):
        for filters, count in zip([64, 128, 256, 512, 512], convolutions):
            for _ in range(count):
                x = F.relu(conv(x, w, filters, 3, padding=1))
            x = F.max_pool2d(x, 2)
        x = F.relu(dense(x.flatten(1), w, 4096))
        x = F.relu(dense(x, w, 4096))
        return dense(x, w, 1000)

    return network


def inception(x, w, one, reduce3, three, reduce5, five, pool):
    a = F.relu(conv(x, w, one, 1))
    b = F.relu(conv(F.relu(conv(x, w, reduce3, 1)), w, three, 3, padding=1))
    c = F.relu(conv(F.relu(conv(x, w, reduce5, 1)), w, five, 5, padding=2))
    d = F.relu(conv(F.max_pool2d(x, 3, stride=1, padding=1), w, pool, 1))
    return torch.cat([a, b, c, d], 1)


def googlenet(x, w):
    def halve(x):
        return F.max_pool2d(x, 3, stride=2, ceil_mode=True)

    def norm(x):
        return F.local_response_norm(x, size=5, alpha=1e-4, beta=0.75, k=1.0)

    x = norm(halve(F.relu(conv(x, w, 64, 7, stride=2, padding=3))))
    x = F.relu(conv(x, w, 64, 1))
    x = halve(norm(F.relu(conv(x, w, 192, 3, padding=1))))
    x = inception(x, w, 64, 96, 128, 16, 32, 32)
    x = halve(inception(x, w, 128, 128, 192, 32, 96, 64))
    x = inception(x, w, 192, 96, 208, 16, 48, 64)
    x = inception(x, w, 160, 112, 224, 24, 64, 64)
    x = inception(x, w, 128, 128, 256, 24, 64, 64)
    x = inception(x, w, 112, 144, 288, 32, 64, 64)
    x = halve(inception(x, w, 256, 160, 320, 32, 128, 128))
    x = inception(x, w, 256, 160, 320, 32, 128, 128)
    x = inception(x, w, 384, 192, 384, 48, 128, 128)
    return dense(F.avg_pool2d(x, 7, stride=1).flatten(1), w, 1000)


def basic(x, w, width, stride):
    skip = x if x.shape[1] == width and stride == 1 else conv_bn(x, w, width, 1, stride)
    y = F.relu(conv_bn(x, w, width, 3, stride))
    return F.relu(conv_bn(y, w, width, 3) + skip)


def bottleneck(x, w, width, stride):
    skip = x if x.shape[1] == 4 * width and stride == 1 else conv_bn(x, w, 4 * width, 1, stride)
    y = F.relu(conv_bn(x, w, width, 1))
    y = F.relu(conv_bn(y, w, width, 3, stride))
    return F.relu(conv_bn(y, w, 4 * width, 1) + skip)


def resnet(block, blocks):
    def network(x, w):
        x = F.max_pool2d(F.relu(conv_bn(x, w, 64, 7, 2)), 3, stride=2, padding=1)
        for stage, count in enumerate(blocks):
            for i in range(count):
                x = block(x, w, 64 << stage, 2 if stage and not i else 1)
        return dense(x.mean((2, 3)), w, 1000)

    return network


def separable(x, w, filters, stride=1):
    x = F.relu(conv_bn(x, w, x.shape[1], 3, stride, groups=x.shape[1]))
    return F.relu(conv_bn(x, w, filters, 1))


def mobilenet(x, w):
    x = separable(F.relu(conv_bn(x, w, 32, 3, 2)), w, 64)
    for filters, blocks in [(128, 2), (256, 2), (512, 6), (1024, 2)]:
        for i in range(blocks):
            x = separable(x, w, filters, 1 if i else 2)
    return dense(x.mean((2, 3)), w, 1000)


def c3d(x, w):
    def convolutions(x, *filters):
        for count in filters:
            x = F.relu(conv(x, w, count, 3, padding=1))
        return x

    x = F.max_pool3d(convolutions(x, 64), (1, 2, 2))
    x = F.max_pool3d(convolutions(x, 128), 2)
    x = F.max_pool3d(convolutions(x, 256, 256), 2)
    x = F.max_pool3d(convolutions(x, 512, 512), 2)
    x = F.max_pool3d(convolutions(x, 512, 512), 2, ceil_mode=True)
    x = F.relu(dense(x.flatten(1), w, 4096))
    x = F.relu(dense(x, w, 4096))
    return dense(x, w, 487)


NETWORKS = {
    "lenet5": lenet5,
    "vgg16": vgg([2, 2, 3, 3, 3]),
    "vgg19": vgg([2, 2, 4, 4, 4]),
    "googlenet": googlenet,
    "resnet18": resnet(basic, [2, 2, 2, 2]),
    "resnet34": resnet(basic, [3, 4, 6, 3]),
    "resnet50": resnet(bottleneck, [3, 4, 6, 3]),
    "resnet101": resnet(bottleneck, [3, 4, 23, 3]),
    "resnet152": resnet(bottleneck, [3, 8, 36, 3]),
    "mobilenet": mobilenet,
    "c3d": c3d,
}


def evaluate(name, tensors, images, dtype=torch.float32):
    """The scores of network `name`; `tensors` are (name, NumPy array) in order, `images` is a NumPy array."""
    weights = Weights((path, torch.from_numpy(array).to(dtype)) for path, array in tensors)
    with torch.no_grad():
        scores = NETWORKS[name](torch.from_numpy(images).to(dtype), weights)
    weights.finish()
    return scores.numpy()


def version():
    """PyTorch's, and what it computes with: oneDNN for convolutions, a BLAS for products of matrices."""
    onednn = re.search(r"MKL-DNN v(\S+)", torch.__config__.show())
    libraries = pathlib.Path("/proc/self/maps").read_text()
    blas = next((name for word, name in [("openblas", "OpenBLAS"), ("mkl_", "MKL")] if word in libraries), "plain BLAS")
    return f"{torch.__version__} (oneDNN {onednn[1] if onednn else 'absent'}, {blas})"
