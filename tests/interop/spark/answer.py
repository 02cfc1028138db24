"""Apache Spark's answers: python3 answer.py < REQUESTS > ANSWERS. To be run by `run`.

A request is a line: name, kind, operation, arguments, with tabs between. The answer has the name,
and then:

    hll, theta:  the estimate as the hex digits of its 64 bits, as Spark's *_sketch_estimate rounds
                 it, the image
    kll:         how many numbers, their quantiles 0, 0.1 .. 1 as hex digits, the image
    top:         the ten most frequent items and their counts, with `=` between

Images are hex; those of more than 1,100 bytes are their length and FNV-1a-64, but of kll, whose
bytes differ each time, and of an HLL array that has no register of 0, whose head Java writes in
its own way.

    sketch K    of the keys K, `lg_k:keys:first:end`, by Spark's aggregate function
    read A      the image A, in hex
    bigint A    of `top`, the image A of such items; also string
    union A B   and intersection, difference: the two images, by Spark's function
"""

import os
import struct
import sys

os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
from pyspark.sql import SparkSession  # noqa: E402

KEYS = {
    "int": "id",
    "minus": "-id",
    "str": "concat('key-', id)",
    "bytes": "cast(concat('key-', id) as binary)",
    "float": "cast(id as double) * 0.25d - 2d",
}


def start():
    spark = (
        SparkSession.builder.master("local[1]")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.driver.memory", "1g")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("OFF")
    return spark


def bits(x):
    return struct.pack(">d", x).hex()


def text(image):
    if len(image) <= 1_100 or image[0] == 10 and image[6] > 0:
        return image.hex()
    state = 0xCBF29CE484222325
    for byte in image:
        state = (state ^ byte) * 0x100000001B3 & (1 << 64) - 1
    return f"{len(image)}:{state:016x}"


class Spark:
    def __init__(self):
        self.spark = start()
        self.java = self.spark._jvm.org.apache.datasketches

    def one(self, query):
        return self.spark.sql(query).collect()[0][0]

    def image(self, kind, operation, arguments):
        if operation == "sketch":
            lg_k, keys, first, end = arguments[0].split(":")
            if kind == "kll":
                number = "cast(id * 7919 % 10007 as double)"
                call = f"kll_sketch_agg_double({number}, {lg_k})"
            else:
                call = f"{kind}_sketch_agg({KEYS[keys]}, {lg_k})"
            return bytes(self.one(f"select {call} from range({first}, {end}, 1, 1)"))
        if operation == "read":
            return bytes.fromhex(arguments[0])
        images = ", ".join(f"unhex('{image}')" for image in arguments)
        unlike = ", true" if kind == "hll" else ""
        return bytes(self.one(f"select {kind}_{operation}({images}{unlike})"))

    def estimate(self, kind, image):
        """What Spark rounds, before it does: from the library that it calls."""
        if kind == "hll":
            return self.java.hll.HllSketch.heapify(bytearray(image)).getEstimate()
        memory = self.java.memory.Memory.wrap(bytearray(image))
        return self.java.theta.CompactSketch.heapify(memory).getEstimate()

    def top(self, items, image):
        fields = f"""'sketch', unhex('{image}'), 'maxItemsTracked', 100,
            'itemDataType', cast(null as {items}), 'itemDataTypeDDL', 'item {items}'"""
        found = self.one(f"select approx_top_k_estimate(named_struct({fields}), 10)")
        return [f"{row[0]}={row[1]}" for row in found]

    def answer(self, kind, operation, arguments):
        if kind == "top":
            return self.top(operation, *arguments)
        image = self.image(kind, operation, arguments)
        literal = f"unhex('{image.hex()}')"
        if kind == "kll":
            ranks = ", ".join(f"{tenth / 10}d" for tenth in range(11))
            query = f"kll_sketch_get_quantile_double({literal}, array({ranks}))"
            quantiles = [bits(x) for x in self.one(f"select {query}")]
            return [self.one(f"select kll_sketch_get_n_double({literal})"), *quantiles, image.hex()]
        rounded = self.one(f"select {kind}_sketch_estimate({literal})")
        return [bits(self.estimate(kind, image)), rounded, text(image)]


def main():
    spark = Spark()
    print(f"# Apache Spark {spark.spark.version}")
    for line in sys.stdin:
        name, kind, operation, *arguments = line.rstrip("\n").split("\t")
        print(name, *spark.answer(kind, operation, arguments), sep="\t", flush=True)


main()
