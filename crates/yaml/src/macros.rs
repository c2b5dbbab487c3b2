//! One declaration for a type, its reader, its writer and its description.

/// Declares a mapping with known keys: the struct, its reader ([`FromNode`](crate::FromNode)), its writer
/// ([`ToNode`](crate::ToNode)) and its [`RecordShape`](crate::RecordShape).
///
/// A key is the field's name, or what stands after `=`; `as camelCase` turns `pod_cidr` into `podCidr`. A field is
/// required unless its type can be missing (`Option`, `Vec`, the maps). Keys are written in the order of declaration,
/// absent ones are left out. With `short "feed"` a value that is no mapping is taken for the value of that key: `a: ups-1`
/// for `a: { feed: ups-1 }`. A last field of type [`Rest`](crate::Rest) keeps the keys that no other field took. All
/// types have `Clone`, `Debug` and `PartialEq`; further derives stand after the name.
///
/// ```
/// use plimsoll_diagnostics::Spanned;
/// plimsoll_yaml::record! {
///     /// A peer.
///     pub struct Peer as camelCase: Default {
///         /// Its AS number.
///         pub peer_asn: Spanned<u32>,
///         /// Its address.
///         pub address: Option<String> = "peerAddress",
///     }
/// }
/// let peer = Peer { peer_asn: 64512.into(), ..Default::default() };
/// assert_eq!(plimsoll_yaml::emit(&plimsoll_yaml::ToNode::to_node(&peer)), "peerAsn: 64512\n");
/// ```
#[macro_export]
macro_rules! record {
    ($($(#[doc = $doc:expr])* pub struct $name:ident $(as $case:ident)? $(short $short:literal)? $(: $($derive:ident),+)? {
        $($body:tt)*
    })+) => {
        $($crate::record! { @one ($($case)?) ($($short)?) ($($($derive),+)?) ($($doc),*) $name $($body)* })+
    };
    (@short) => { None };
    (@short $short:literal) => { Some($short) };
    (@one $case:tt ($($short:literal)?) ($($derive:ident),*) ($($doc:expr),*) $name:ident
        $($(#[doc = $fdoc:expr])* pub $field:ident : $type:ty $(= $key:literal)?),* $(,)?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, $($derive),*)]
        pub struct $name { $($(#[doc = $fdoc])* pub $field: $type,)* }

        impl $crate::FromNode for $name {
            const EMPTY: bool = true;
            fn from_node(node: &$crate::Node, reader: &mut $crate::Reader) -> Option<Self> {
                let long = $crate::private::long(node, $crate::record!(@short $($short)?));
                let mut fields = reader.fields(long.as_ref().unwrap_or(node))?.short(long.is_some());
                $(let $field = fields.take::<$type>($crate::record!(@key $case $field $($key)?), reader);)*
                fields.finish(reader);
                Some($name { $($field: $field?,)* })
            }
            fn shape() -> $crate::Shape {
                fn record() -> $crate::RecordShape {
                    let mut shape = $crate::RecordShape::new(stringify!($name), concat!("", $($doc, "\n"),*));
                    shape.short = $crate::record!(@short $($short)?);
                    $(shape.field::<$type>($crate::record!(@key $case $field $($key)?), concat!("", $($fdoc, "\n"),*));)*
                    shape
                }
                $crate::Shape::Record(record)
            }
        }

        impl $crate::ToNode for $name {
            fn to_node(&self) -> $crate::Node {
                let mut entries: Vec<$crate::Entry> = Vec::new();
                $($crate::private::write($crate::record!(@key $case $field $($key)?), &self.$field, &mut entries);)*
                $crate::Node::mapping(entries)
            }
        }
    };
    (@key $case:tt $field:ident $key:literal) => { ::std::borrow::Cow::<'static, str>::Borrowed($key) };
    (@key (camelCase) $field:ident) => {
        ::std::borrow::Cow::<'static, str>::Owned($crate::private::camel($crate::private::key_of(stringify!($field))))
    };
    (@key () $field:ident) => {
        ::std::borrow::Cow::<'static, str>::Borrowed($crate::private::key_of(stringify!($field)))
    };
}

/// Declares an enum of words, each with its doc comment, as a [`Scalar`](crate::Scalar).
///
/// ```
/// plimsoll_yaml::choice! {
///     /// How a link is bonded.
///     pub enum BondMode: "a bond mode" {
///         /// LACP.
///         Lacp = "lacp",
///         /// One link at a time.
///         ActiveBackup = "active-backup",
///     }
/// }
/// assert_eq!(BondMode::Lacp.to_string(), "lacp");
/// ```
#[macro_export]
macro_rules! choice {
    ($($(#[doc = $doc:expr])* pub enum $name:ident : $what:literal {
        $($(#[doc = $vdoc:expr])* $variant:ident = $word:literal),+ $(,)?
    })+) => { $(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[doc = $vdoc])* $variant,)+ }

        impl $name {
            /// All of them, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word that stands for it.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::Scalar for $name {
            const NAME: &'static str = $what;
            fn parse(text: &str) -> Result<Self, String> {
                if let Some(found) = Self::ALL.iter().find(|choice| choice.as_str() == text) {
                    return Ok(*found);
                }
                let words = Self::ALL.iter().map(|choice| choice.as_str());
                Err(match $crate::private::nearest(text, words.clone()) {
                    Some(near) => format!("`{text}` is not {}; did you mean `{near}`?", $what),
                    None => {
                        let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
                        format!("`{text}` is not {}: possible are {}", $what, words.join(", "))
                    }
                })
            }
            fn write(&self) -> String {
                self.as_str().to_owned()
            }
            fn scalar_shape() -> $crate::ScalarShape {
                const CHOICES: &[(&str, &str)] = &[$(($word, concat!($($vdoc, "\n"),+))),+];
                $crate::ScalarShape { choices: CHOICES, ..$crate::ScalarShape::new($what, $crate::Kind::Text) }
            }
        }
    )+ };
}
