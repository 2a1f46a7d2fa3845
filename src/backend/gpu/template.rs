//! Joins shader text: repeats, conditions and constants, all substituted as text.
//!
//! Loops over pixels and channels must be unrolled to stay in registers, and WGSL has no macros. A
//! line that starts with `#` is a directive; everything else is WGSL with `${NAME}` in it:
//!
//! - `#for k in COUNT` ... `#end` repeats its lines with `${k}` = 0, 1, ..., COUNT - 1;
//! - `#if NAME` ... `#else` ... `#end` keeps one side, by whether NAME is defined and not 0.

use std::collections::BTreeMap;

/// Constants of a shader: name and text.
pub(super) type Constants = BTreeMap<String, String>;

/// The text with all directives carried out and all constants substituted, or what is wrong.
pub(super) fn expand(text: &str, constants: &Constants) -> Result<String, String> {
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut out = String::new();
    expand_lines(&lines, constants, &mut out)?;
    Ok(out)
}

fn expand_lines(lines: &[String], constants: &Constants, out: &mut String) -> Result<(), String> {
    let mut index = 0;
    while index < lines.len() {
        let line = &lines[index];
        let Some(directive) = line.strip_prefix('#') else {
            out.push_str(&substitute(line, constants)?);
            out.push('\n');
            index += 1;
            continue;
        };
        let (otherwise, end) = block(lines, index)?;
        let body = &lines[index + 1..otherwise.unwrap_or(end)];
        let words: Vec<&str> = directive.split_whitespace().collect();
        match words[..] {
            ["for", name, "in", count] => {
                let count: u32 = constants
                    .get(count)
                    .and_then(|text| text.parse().ok())
                    .ok_or_else(|| format!("{count} is not a number"))?;
                let pattern = format!("${{{name}}}");
                for k in 0..count {
                    let k = k.to_string();
                    let body: Vec<_> = body.iter().map(|l| l.replace(&pattern, &k)).collect();
                    expand_lines(&body, constants, out)?;
                }
            }
            ["if", name] => {
                if constants.get(name).is_some_and(|text| text != "0") {
                    expand_lines(body, constants, out)?;
                } else if let Some(otherwise) = otherwise {
                    expand_lines(&lines[otherwise + 1..end], constants, out)?;
                }
            }
            _ => return Err(format!("unknown directive {line:?}")),
        }
        index = end + 1;
    }
    Ok(())
}

/// The lines of the `#else`, if any, and of the `#end` of the block that opens at `start`.
fn block(lines: &[String], start: usize) -> Result<(Option<usize>, usize), String> {
    let mut depth = 0;
    let mut otherwise = None;
    for (index, line) in lines.iter().enumerate().skip(start) {
        match line.trim_end() {
            "#end" => {
                depth -= 1;
                if depth == 0 {
                    return Ok((otherwise, index));
                }
            }
            "#else" if depth == 1 => otherwise = Some(index),
            other if other.starts_with("#for ") || other.starts_with("#if ") => depth += 1,
            _ => {}
        }
    }
    Err(format!("{:?} has no #end", lines[start]))
}

fn substitute(line: &str, constants: &Constants) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("${") {
        let end = rest[start..].find('}').ok_or_else(|| format!("open ${{ in {line:?}"))? + start;
        let name = &rest[start + 2..end];
        let value = constants.get(name).ok_or_else(|| format!("no constant {name}"))?;
        out.push_str(&rest[..start]);
        out.push_str(value);
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constants() -> Constants {
        [("N", "2"), ("OFF", "0"), ("A_0", "x"), ("A_1", "y")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    #[test]
    fn loops_nest_and_name_constants() {
        let text = "#for i in N\n#for j in N\n${i}${j}${A_${i}}\n#end\n#end";
        assert_eq!(expand(text, &constants()).as_deref(), Ok("00x\n01x\n10y\n11y\n"));
    }

    #[test]
    fn conditions_keep_one_side() {
        let text = "#if N\na\n#else\nb\n#end\n#if OFF\nc\n#else\nd\n#end\n#if MISSING\ne\n#end";
        assert_eq!(expand(text, &constants()).as_deref(), Ok("a\nd\n"));
    }

    #[test]
    fn mistakes_are_named() {
        assert!(expand("${NO}", &constants()).is_err_and(|e| e.contains("NO")));
        assert!(expand("#for i in N", &constants()).is_err_and(|e| e.contains("#end")));
        assert!(expand("#end", &constants()).is_err());
        assert!(expand("#for i in A_0\n#end", &constants()).is_err());
    }
}
