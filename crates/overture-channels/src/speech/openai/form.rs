//! The body of a request: `multipart/form-data` (RFC 7578), with the fields that the service's own client sends.

/// A body and the header that describes it.
pub(super) struct Form {
    pub(super) content_type: String,
    pub(super) body: Vec<u8>,
}

/// Asks for `recording` (a WAV file) with times for each segment. The values come from checked settings.
pub(super) fn form(model: &str, language: Option<&str>, recording: &[u8]) -> Form {
    let boundary = boundary(recording);
    let mut body = Vec::with_capacity(recording.len() + 1_024);
    let mut field = |name: &str, value: &str| {
        let part = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend_from_slice(part.as_bytes());
    };
    field("model", model);
    if let Some(language) = language {
        field("language", language);
    }
    field("response_format", "verbose_json");
    field("timestamp_granularities[]", "segment");
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"speech.wav\"\r\nContent-Type: audio/x-wav\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(recording);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Form {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        body,
    }
}

/// A line that the recording does not have.
fn boundary(recording: &[u8]) -> String {
    let free = |boundary: &String| {
        let bytes = boundary.as_bytes();
        !recording.windows(bytes.len()).any(|window| window == bytes)
    };
    (0_u64..)
        .map(|number| format!("overture-{number:016x}"))
        .find(free)
        .expect("a recording is shorter than all boundaries together")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boundary_is_nowhere_in_the_recording() {
        let recording = b"\r\n--overture-0000000000000000\r\n";
        let form = form("m", None, recording);
        let boundary = form.content_type.rsplit('=').next().unwrap();
        assert_eq!(boundary, "overture-0000000000000001");
        let body = String::from_utf8(form.body).unwrap();
        assert_eq!(body.matches(boundary).count(), 5, "{body}");
    }
}
