//! Files of encoders.
//!
//! `OVENC1\n`, the length of the header (4 bytes, little endian), the header as JSON; each piece of the vocabulary with its length
//! before it (1 byte); the pieces' vectors (8-bit matrix), the positions' (32-bit floats), scale and shift after them; for each layer
//! the queries', keys' and values' linear layer, the one behind them, scale and shift, the two inner linear layers, scale and
//! shift; the heads' weights and intercepts; and the SHA-256 of all that. An 8-bit matrix is one step a row and then the
//! rows' whole numbers; a linear layer is its matrix (7 bits) and what is added to each output.

use serde::{Deserialize, Serialize};

use super::{
    Blend, TextEncoder,
    level::{BLOCK, BLOCKS},
    linear::Linear,
    network::{Layer, Network, Shape},
    pieces::{PIECES_MAX, Vocabulary},
    reckon::{HEAD, Norm},
};
use crate::{
    ModelFileError,
    frame::{self, Kind, Reader},
    text::{
        file::{columns, head_names, one},
        heads::USED,
    },
};

const KIND: Kind = Kind {
    what: "an encoder",
    begins: "OVENC1",
    header_bytes_max: 1 << 20,
};
/// The largest parts that are read: a message takes time with their product.
const WIDTH_MAX: usize = 1_024;
const INNER_MAX: usize = 4_096;
const LAYERS_MAX: usize = 24;
/// 7 bits: a pair of products with 8-bit activations fits 16 bits.
const WEIGHT_MAX: i8 = 63;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    name: String,
    heads: Vec<String>,
    width: usize,
    layers: usize,
    attention_heads: usize,
    inner: usize,
    positions: usize,
    pieces: usize,
    tables: String,
    of_tables: Vec<f32>,
    of_encoder: Vec<f32>,
    offsets: Vec<f32>,
    thresholds: Vec<f32>,
    polarity: f32,
}

/// The file of an encoder.
pub(super) fn write(encoder: &TextEncoder) -> Vec<u8> {
    let (network, blend) = (&encoder.network, &encoder.blend);
    let shape = network.shape;
    let used = |columns: &[f32]| columns[..USED].to_vec();
    let header = Header {
        name: encoder.name.clone(),
        heads: head_names(),
        width: shape.width,
        layers: shape.layers,
        attention_heads: shape.attention_heads,
        inner: shape.inner,
        positions: shape.positions,
        pieces: shape.pieces,
        tables: blend.tables.clone(),
        of_tables: used(&blend.of_tables),
        of_encoder: used(&blend.of_encoder),
        offsets: used(&blend.offsets),
        thresholds: used(&blend.thresholds),
        polarity: blend.polarity,
    };
    let mut file = frame::begin(KIND, &header, network.pieces.len() + (16 << 20));
    for piece in encoder.vocabulary.names() {
        file.push(u8::try_from(piece.len()).expect("checked when it was read"));
        file.extend_from_slice(piece.as_bytes());
    }
    floats(&mut file, &network.piece_steps);
    whole(&mut file, &network.pieces);
    floats(&mut file, &network.positions);
    norm(&mut file, &network.norm);
    for layer in &network.layers {
        linear(&mut file, &layer.qkv);
        linear(&mut file, &layer.out);
        norm(&mut file, &layer.norm_1);
        linear(&mut file, &layer.up);
        linear(&mut file, &layer.down);
        norm(&mut file, &layer.norm_2);
    }
    floats(&mut file, &network.heads);
    floats(&mut file, &network.intercepts);
    frame::seal(file)
}

fn floats(file: &mut Vec<u8>, numbers: &[f32]) {
    file.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
}

fn whole(file: &mut Vec<u8>, numbers: &[i8]) {
    file.extend(numbers.iter().map(|number| number.cast_unsigned()));
}

fn norm(file: &mut Vec<u8>, norm: &Norm) {
    floats(file, &norm.scale);
    floats(file, &norm.shift);
}

fn linear(file: &mut Vec<u8>, linear: &Linear) {
    let [steps, bias] = linear.numbers();
    floats(file, steps);
    whole(file, &linear.rows());
    floats(file, bias);
}

/// Reads an encoder's file.
///
/// # Errors
/// [`ModelFileError`] for a file that is no encoder, cut off, changed, or made for other heads.
pub(super) fn read(file: &[u8]) -> Result<TextEncoder, ModelFileError> {
    let (header, mut reader): (Header, _) = frame::open(KIND, file)?;
    let shape = shape(&header)?;
    let Shape { width, inner, .. } = shape;
    let vocabulary = vocabulary(&mut reader, shape.pieces)?;
    let piece_steps = reader.floats(shape.pieces, "the pieces' steps")?;
    let pieces = signed(reader.take(shape.pieces * width, "the pieces' vectors")?);
    let positions = reader.floats(shape.positions * width, "the positions")?;
    let norm = read_norm(&mut reader, width)?;
    let mut layers = Vec::with_capacity(shape.layers);
    for _ in 0..shape.layers {
        layers.push(Layer {
            qkv: read_linear(&mut reader, width, 3 * width)?,
            out: read_linear(&mut reader, width, width)?,
            norm_1: read_norm(&mut reader, width)?,
            up: read_linear(&mut reader, width, inner)?,
            down: read_linear(&mut reader, inner, width)?,
            norm_2: read_norm(&mut reader, width)?,
        });
    }
    let heads = reader.floats(USED * width, "the heads")?;
    let intercepts = reader.floats(USED, "the heads' intercepts")?;
    reader.end()?;
    Ok(TextEncoder {
        name: header.name,
        vocabulary,
        network: Network {
            shape,
            pieces,
            piece_steps,
            positions,
            norm,
            layers,
            heads,
            intercepts,
        },
        blend: Blend {
            tables: header.tables,
            of_tables: columns(&header.of_tables, "blend")?,
            of_encoder: columns(&header.of_encoder, "blend")?,
            offsets: columns(&header.offsets, "offsets")?,
            thresholds: columns(&header.thresholds, "thresholds")?,
            polarity: one(header.polarity, "polarity")?,
        },
    })
}

fn shape(header: &Header) -> Result<Shape, ModelFileError> {
    let unusable = |part| Err(ModelFileError::Unusable(part));
    if header.heads != head_names() {
        return unusable("heads");
    }
    let blocks =
        |size: usize, max| (1..=max).contains(&size) && size.is_multiple_of(BLOCKS * BLOCK);
    if !blocks(header.width, WIDTH_MAX) || !blocks(header.inner, INNER_MAX) {
        return unusable("width or inner");
    }
    if header.attention_heads.checked_mul(HEAD) != Some(header.width) {
        return unusable("attention_heads");
    }
    if !(1..=LAYERS_MAX).contains(&header.layers) {
        return unusable("layers");
    }
    if header.positions < PIECES_MAX || header.positions > 8 * PIECES_MAX {
        return unusable("positions");
    }
    if header.pieces > usize::from(u16::MAX) + 1 {
        return unusable("number of pieces");
    }
    Ok(Shape {
        width: header.width,
        layers: header.layers,
        attention_heads: header.attention_heads,
        inner: header.inner,
        positions: header.positions,
        pieces: header.pieces,
    })
}

fn vocabulary(reader: &mut Reader<'_>, pieces: usize) -> Result<Vocabulary, ModelFileError> {
    let mut names = Vec::with_capacity(pieces);
    for _ in 0..pieces {
        let length = usize::from(reader.take(1, "the vocabulary")?[0]);
        let name = std::str::from_utf8(reader.take(length, "the vocabulary")?);
        names.push(
            name.map_err(|_| ModelFileError::Unusable("vocabulary"))?
                .into(),
        );
    }
    Vocabulary::new(names).map_err(ModelFileError::Unusable)
}

fn read_norm(reader: &mut Reader<'_>, width: usize) -> Result<Norm, ModelFileError> {
    Ok(Norm {
        scale: reader.floats(width, "a norm")?,
        shift: reader.floats(width, "a norm")?,
    })
}

fn read_linear(
    reader: &mut Reader<'_>,
    inputs: usize,
    outputs: usize,
) -> Result<Linear, ModelFileError> {
    let steps = reader.floats(outputs, "a layer's steps")?;
    let weights = signed(reader.take(inputs * outputs, "a layer's weights")?);
    let bias = reader.floats(outputs, "a layer's bias")?;
    if weights
        .iter()
        .any(|weight| weight.unsigned_abs() > WEIGHT_MAX.unsigned_abs())
    {
        return Err(ModelFileError::Unusable("weights"));
    }
    Ok(Linear::new(&weights, steps, bias))
}

fn signed(bytes: &[u8]) -> Vec<i8> {
    bytes.iter().map(|byte| byte.cast_signed()).collect()
}
