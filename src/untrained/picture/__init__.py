"""The user's picture: samples, metadata, regions, files in and out.

* `picture`: the Picture
* `taking`, `sources`: any kind of picture to a Picture; results back to that kind
* `arrays`: any kind of array of numbers to a tensor
* `planes`: pictures as networks take them
* `samples`: samples of any data type, to [0, 1] and back
* `metadata`, `jpeg_tables`: metadata of a file; how a JPEG was compressed
* `region`: rectangles and sizes
* `masks`: pictures as masks
* `reading`, `writing`: files in and out
* `measurements`: arrays, numbers and k-space from files
* `preview`: 8-bit pictures for looking at
* `limits`: how much memory a file may ask for
* `formats`: one file for each format
"""
