/// What this build is, for all of its programs.
public enum Product {
    public static let name = "kernelsupd"
    public static let version = "0.1.0"
}
