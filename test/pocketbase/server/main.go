// A PocketBase as its own binary is, with hooks in JavaScript, built from its Go module.
package main

import (
	"log"
	"os"

	"github.com/pocketbase/pocketbase"
	"github.com/pocketbase/pocketbase/plugins/jsvm"
)

func main() {
	app := pocketbase.New()
	var hooksDir string
	app.RootCmd.PersistentFlags().StringVar(&hooksDir, "hooksDir", "", "the folder of the *.pb.js files")
	app.RootCmd.ParseFlags(os.Args[1:])
	jsvm.MustRegister(app, jsvm.Config{HooksDir: hooksDir})
	if err := app.Start(); err != nil {
		log.Fatal(err)
	}
}
