// Package child runs parts of a program in processes of their own: the binary
// starts itself again, in another role. Children die with their parent, are
// killed by nothing but their own pidfd, and leave nothing behind. It is for
// Linux and promises nothing to users of urpc.
//
// Parent and child talk in JSON, one message a line, over the child's standard
// input and output. The first message is the child's setup.
package child
